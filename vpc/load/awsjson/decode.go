package awsjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// text is a string that may have been written as a number or a boolean, as
// IpProtocol is in files made by hand.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] == '{' || data[0] == '[' {
		return &json.UnmarshalTypeError{Value: "object or list", Type: reflect.TypeFor[string]()}
	}
	var s string
	if data[0] != '"' {
		if string(data) != "null" {
			*t = text(data)
		}
		return nil
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	*t = text(s)
	return nil
}

// nameTag is the value of the tag "Name" in a list of tags. Broken tags are no
// reason to lose a resource.
type nameTag string

func (n *nameTag) UnmarshalJSON(data []byte) error {
	var tags []struct{ Key, Value text }
	_ = json.Unmarshal(data, &tags)
	for _, t := range tags {
		if t.Key == "Name" {
			*n = nameTag(t.Value)
		}
	}
	return nil
}

// list marks a key whose elements are read one by one, so that a broken one
// loses only itself.
type list = json.RawMessage

// decode reads an object into a struct and remembers which of its keys the
// struct has no field for.
func (l *loader) decode(v value, into any) error {
	if v.isNull() {
		return errors.New("is null, not an object")
	}
	if err := json.Unmarshal(v.raw, into); err != nil {
		return explain(err)
	}
	l.keys.look(v, reflect.TypeOf(into).Elem())
	return nil
}

// explain words a type error without Go's names.
func explain(err error) error {
	var mismatch *json.UnmarshalTypeError
	if !errors.As(err, &mismatch) {
		return err
	}
	want := map[reflect.Kind]string{
		reflect.String: "a string", reflect.Int: "a whole number", reflect.Bool: "true or false",
		reflect.Struct: "an object", reflect.Slice: "a list",
	}[mismatch.Type.Kind()]
	if mismatch.Field == "" {
		return fmt.Errorf("is a JSON %s where %s is wanted", mismatch.Value, want)
	}
	return fmt.Errorf("%s is a JSON %s where %s is wanted", spelling.Replace(mismatch.Field), mismatch.Value, want)
}

// spelling turns Go's spelling of the structs' fields into AWS's of the keys.
var spelling = strings.NewReplacer("ID", "Id", "IP", "Ip", "HTTP", "Http", "TCP", "Tcp", "UDP", "Udp")

// keyNotes collects the keys that nobody looked at, once per path.
type keyNotes struct {
	order []string
	paths map[string]*pathKeys
}

type pathKeys struct {
	where    map[string]string // the first place of each key
	harmless []string
	other    []string
}

// look compares the keys of an object with the fields of a struct type.
func (k *keyNotes) look(v value, t reflect.Type) {
	fields, err := v.object()
	if err != nil {
		return
	}
	for _, f := range fields {
		known, ok := t.FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, f.name) })
		if !ok {
			k.add(v.path, f)
			continue
		}
		k.descend(f.value, known.Type)
	}
}

// descend looks into nested structs and lists of them.
func (k *keyNotes) descend(v value, t reflect.Type) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.Struct:
		k.look(v, t)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		items, _ := v.list()
		for _, item := range items {
			k.look(item, t.Elem())
		}
	}
}

func (k *keyNotes) add(path string, f field) {
	if k.paths == nil {
		k.paths = make(map[string]*pathKeys)
	}
	p := k.paths[path]
	if p == nil {
		p = &pathKeys{where: make(map[string]string)}
		k.paths[path] = p
		k.order = append(k.order, path)
	}
	if _, ok := p.where[f.name]; ok {
		return
	}
	p.where[f.name] = f.origin()
	if harmless[f.name] {
		p.harmless = append(p.harmless, f.name)
	} else {
		p.other = append(p.other, f.name)
	}
}

// report writes one note for the harmless keys of a path and one for each other.
func (k *keyNotes) report(r *report.Report) {
	for _, path := range k.order {
		p := k.paths[path]
		if len(p.harmless) > 0 {
			where := p.where[p.harmless[0]]
			slices.Sort(p.harmless)
			r.Note(report.Ignored, where, path+": "+strings.Join(p.harmless, ", "), "no part in what packets do")
		}
		for _, key := range p.other {
			r.Note(report.Ignored, p.where[key], path+"."+key, "not looked at")
		}
	}
}

// harmless are keys that are known and say nothing about packets.
var harmless = words(`
	AccountId AmiLaunchIndex Architecture AssignIpv6AddressOnCreation AssociationId AttachTime AttachmentId
	AvailabilityZone AvailabilityZoneId AvailableIpAddressCount BlockDeviceMappings BootMode CapacityReservationId
	CapacityReservationSpecification ClientToken CpuOptions CreateTime CreationTime CreationTimestamp
	CurrentInstanceBootMode CustomerOwnedIpv4Pool DefaultForAz DeleteOnTermination DeleteTime Description
	DhcpOptionsId DisplayName DnsEntries DnsOptions EbsOptimized EnaSupport EnclaveOptions ExpirationTime
	GroupName GroupOwnerId HibernationOptions Hypervisor IamInstanceProfile ImageId InstanceLifecycle
	InstanceOwnerId InstanceTenancy IpOwnerId Ipv6Pool IsDefault IsPrimary IsPrimaryIpv6 KernelId KeyName LaunchTime
	Licenses MacAddress MaintenanceOptions Message Monitoring NetworkAclAssociationId
	NetworkBorderGroup NetworkCardIndex OperationalState Operator OutpostArn OwnerId Placement Platform PlatformDetails
	PolicyDocument PrivateDnsEnabled PrivateDnsName PrivateDnsNameConfiguration PrivateDnsNameOptions
	PrivateDnsNameOptionsOnLaunch ProductCodes PublicDnsName PublicIpv4Pool RamdiskId RequesterId RequesterManaged
	ReservationId RootDeviceName RootDeviceType RouteTableAssociationId SecurityGroupArn SpotInstanceRequestId
	SriovNetSupport StateReason StateTransitionReason SubnetArn Tags TpmSupport UsageOperation
	UsageOperationUpdateTime UserId Version VirtualizationType VpcArn PrefixListArn PublicDnsNameOptions
	MapCustomerOwnedIpOnLaunch Ipv6Native PublicIpDnsNameOptions SecurityGroupRuleArn Type AmazonSideAsn TransitGatewayArn AllocationTime ServiceRegion IpSource
	Ipv6AddressAttribute VpcPeeringConnectionId
	AlpnPolicy CanonicalHostedZoneId Certificates CreatedTime DNSName HealthCheckEnabled HealthCheckIntervalSeconds HealthCheckPath
	HealthCheckPort HealthCheckProtocol HealthCheckTimeoutSeconds HealthyThresholdCount Matcher ProtocolVersion SslPolicy
	UnhealthyThresholdCount
`)

// words splits a list into a set.
func words(s string) map[string]bool {
	set := make(map[string]bool)
	for _, w := range strings.Fields(s) {
		set[w] = true
	}
	return set
}
