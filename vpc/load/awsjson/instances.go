package awsjson

import (
	"fmt"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

type instanceJSON struct {
	InstanceID, VpcID, SubnetID string
	State                       struct {
		Name string
		Code int
	}
	MetadataOptions                                                                 metadataJSON
	Tags                                                                            nameTag
	NetworkInterfaces                                                               list
	InstanceType                                                                    string
	PrivateIPAddress, PublicIPAddress, IPv6Address, SecurityGroups, SourceDestCheck list
}

type metadataJSON struct {
	HTTPEndpoint, HTTPProtocolIPv6, State, HTTPTokens, InstanceMetadataTags string
	HTTPPutResponseHopLimit                                                 int
}

// reservation takes in one element of describe-instances: a group of instances.
func (l *loader) reservation(v value) error {
	var j struct {
		ReservationID string
		OwnerID       text
		Instances     list
		Groups        list
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	items, err := v.get("Instances").list()
	if err != nil {
		//lint:ignore ST1005 the key is written as AWS writes it
		return fmt.Errorf("Instances %w", err)
	}
	for _, item := range items {
		l.take("instance", item, (*loader).instance)
	}
	return nil
}

// instance takes in one instance, and those of its interfaces that
// NetworkInterfaces do not have.
func (l *loader) instance(v value) error {
	var j instanceJSON
	if err := l.element(v, &j, "instance", "InstanceId", &j.InstanceID); err != nil {
		return err
	}
	i := &vpc.Instance{ID: j.InstanceID, Name: string(j.Tags), Origin: v.origin()}
	switch j.State.Name {
	case "running":
	case "stopped", "stopping", "pending", "shutting-down":
		i.State = vpc.Stopped
	case "terminated":
		i.State = vpc.Terminated
	case "":
		l.states[i.ID] = "the state of instance " + i.ID + " is not in the snapshot"
	default:
		l.states[i.ID] = fmt.Sprintf("instance %s: State %q is not known", i.ID, j.State.Name)
	}
	if why := l.states[i.ID]; why != "" {
		l.report.Note(report.Skipped, i.Origin, "instance "+i.ID, "%s: verdicts about its interfaces are unknown", why)
	}
	l.metadata[i.ID] = j.MetadataOptions.metadata()
	home := l.instanceInterfaces(i, v.get("NetworkInterfaces"))
	if home == nil && j.VpcID == "" {
		l.report.Note(report.Ignored, i.Origin, "instance "+i.ID, "is %s and in no VPC", j.State.Name)
		return errNoted
	}
	if home == nil {
		var err error
		if home, err = l.vpcOf(j.VpcID, v); err != nil {
			return err
		}
	}
	home.Instances = append(home.Instances, i)
	l.instances[i.ID] = i
	return nil
}

func (j metadataJSON) metadata() vpc.Metadata {
	m := vpc.Metadata{Disabled: j.HTTPEndpoint == "disabled", IPv6: j.HTTPProtocolIPv6 == "enabled", HopLimit: j.HTTPPutResponseHopLimit}
	if m.HopLimit == 1 || m.HopLimit < 0 || m.HopLimit > 64 {
		m.HopLimit = 0
	}
	return m
}

// instanceInterfaces goes through the interfaces that an instance lists, and
// finds the VPC they are in.
func (l *loader) instanceInterfaces(i *vpc.Instance, v value) (home *vpc.VPC) {
	items, err := v.list()
	if err != nil {
		l.report.Note(report.Skipped, v.origin(), "instance "+i.ID, "NetworkInterfaces %v", err)
	}
	for _, item := range items {
		if err := l.instanceInterface(i, item); err != nil {
			l.report.Note(report.Skipped, item.origin(), "network interface "+l.idOf(item)+" of instance "+i.ID, "%v", err)
		}
	}
	return l.homes[i.ID]
}

// instanceInterface takes in an interface that an instance lists, unless
// NetworkInterfaces had it. Two instances with one interface are two interfaces
// with a wrong ID: the second gets another one.
func (l *loader) instanceInterface(i *vpc.Instance, v value) error {
	var j interfaceJSON
	if err := l.decode(v, &j); err != nil {
		return err
	}
	known := l.interfaces[j.NetworkInterfaceID]
	switch {
	case j.NetworkInterfaceID == "":
		return fmt.Errorf("has no NetworkInterfaceId")
	case known != nil && (known.Instance == i.ID || known.Detached):
		return nil
	case known != nil && known.Instance == "":
		known.Instance = i.ID
		l.homes[i.ID] = l.subnets[j.SubnetID].vpc
		if j.Attachment != nil {
			known.DeviceIndex = j.Attachment.DeviceIndex
		}
		return nil
	case known != nil:
		id := j.NetworkInterfaceID + "@" + i.ID
		l.report.Note(report.Ignored, v.origin(), "network interface "+j.NetworkInterfaceID,
			"instance %s has an interface with this ID too (%s); this one is called %s", known.Instance, known.Origin, id)
		j.NetworkInterfaceID = id
	}
	if j.Attachment != nil {
		j.Attachment.InstanceID = i.ID
	}
	if err := l.addInterface(j, v); err != nil {
		return err
	}
	l.report.Count("network interface")
	return nil
}
