package yaml

import (
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
)

// nic is an interface while its mapping is read.
type nic struct {
	*vpc.Interface
	subnet string
	at     *node // of the subnet's name
}

// sharedKeys are those of an interface that an instance may carry itself.
var sharedKeys = join(keys[nic]{
	{"subnet", func(d *decoder, n *node, i *nic) {
		i.subnet, _ = d.text(n, "the name of a subnet")
		i.at = follow(n)
	}},
	{"groups", func(d *decoder, n *node, i *nic) { i.Groups = d.references(n, scope{d.vpc, kindGroup}) }},
}, addressKeys(func(i *nic) *[]vpc.Address { return &i.Addresses }), keys[nic]{
	{"prefixes", func(d *decoder, n *node, i *nic) { i.Prefixes = d.prefixes(n) }},
	{"source-dest-check", flag(false, func(i *nic) *bool { return &i.NoSourceDestCheck })},
	{"deny-igw", flag(true, func(i *nic) *bool { return &i.DenyInternetGateway })},
	{"kind", text("a kind of interface", func(i *nic) *string { return &i.Kind })},
	{"timeouts", func(d *decoder, n *node, i *nic) { read(d, n, "timeouts", timeoutKeys, &i.Timeouts) }},
	{"metadata", func(d *decoder, n *node, i *nic) { read(d, n, "metadata", metadataKeys, &i.Metadata) }},
	{"description", text("a description", func(i *nic) *string { return &i.Description })},
	{"unknown", text("a reason", func(i *nic) *string { return &i.Unknown })},
})

// inlineKeys are those of an interface under the interfaces of an instance.
var inlineKeys = join(identity(func(i *nic) (id, name *string) { return &i.ID, &i.Name }), keys[nic]{
	{"device-index", func(d *decoder, n *node, i *nic) { i.DeviceIndex, _ = d.number(n) }},
	{"detached", flag(true, func(i *nic) *bool { return &i.Detached })},
}, sharedKeys)

// interfaceKeys are those of an interface under the interfaces of a VPC.
var interfaceKeys = join(keys[nic]{
	{"instance", reference(kindInstance, func(i *nic) *string { return &i.Instance })},
}, inlineKeys)

var timeoutKeys = keys[firewall.Timeouts]{
	{"tcp", func(d *decoder, n *node, t *firewall.Timeouts) { t.TCPEstablished = d.duration(n) }},
	{"udp", func(d *decoder, n *node, t *firewall.Timeouts) { t.UDP = d.duration(n) }},
	{"udp-stream", func(d *decoder, n *node, t *firewall.Timeouts) { t.UDPStream = d.duration(n) }},
}

var metadataKeys = keys[vpc.Metadata]{
	{"enabled", flag(false, func(m *vpc.Metadata) *bool { return &m.Disabled })},
	{"ipv6", flag(true, func(m *vpc.Metadata) *bool { return &m.IPv6 })},
	{"hop-limit", func(d *decoder, n *node, m *vpc.Metadata) { m.HopLimit, _ = d.number(n) }},
	{"credentials", flag(true, func(m *vpc.Metadata) *bool { return &m.Credentials })},
}

// builtInstance is an instance while its mapping is read.
type builtInstance struct {
	*vpc.Instance
	own    *nic   // its only interface, if the instance carries its keys
	first  string // of those keys
	nics   []*nic // the interfaces under its interfaces
	hasMap bool
}

var instanceKeys = join(identity(func(i *builtInstance) (id, name *string) { return &i.ID, &i.Name }), keys[builtInstance]{
	{"state", func(d *decoder, n *node, i *builtInstance) {
		i.State = vpc.InstanceState(d.oneOf(n, "state", []string{"running", "stopped", "terminated"}))
	}},
	{"tracked-flows", func(d *decoder, n *node, i *builtInstance) { i.TrackedFlows, _ = d.number(n) }},
	{"interfaces", func(d *decoder, n *node, i *builtInstance) {
		i.hasMap = true
		d.pairs(n, "interfaces", func(k, value *node) {
			card := newNIC(d, k)
			card.DeviceIndex = len(i.nics)
			read(d, value, what(kindInterface, k.Value), inlineKeys, card)
			d.needSubnet(k, card)
			i.nics = append(i.nics, card)
			d.label(kindInterface, k.Value, card.ID)
		})
	}},
}, carried(sharedKeys))

// carried makes keys of an instance of those of its only interface.
func carried(table keys[nic]) keys[builtInstance] {
	var all keys[builtInstance]
	for _, k := range table {
		all = append(all, key[builtInstance]{k.name, func(d *decoder, n *node, i *builtInstance) {
			if i.first == "" {
				i.first = k.name
			}
			k.read(d, n, i.own)
		}})
	}
	return all
}

func newNIC(d *decoder, k *node) *nic {
	return &nic{Interface: &vpc.Interface{ID: k.Value, Name: nameFor(k.Value, k.Value), Origin: d.origin(k)}}
}

func (d *decoder) instance(k, n *node) {
	i := &vpc.Instance{ID: k.Value, Name: nameFor(k.Value, k.Value), Origin: d.origin(k)}
	built := &builtInstance{Instance: i, own: newNIC(d, k)}
	read(d, n, what(kindInstance, k.Value), instanceKeys, built)
	d.vpc.Instances = append(d.vpc.Instances, i)
	d.label(kindInstance, k.Value, i.ID)
	d.report.Count("instance")
	switch {
	case built.first != "" && built.hasMap:
		d.errorf(k, "instance %q has interfaces and also %s: put it into one of them", k.Value, built.first)
	case built.first != "":
		d.needSubnet(k, built.own)
		built.nics = []*nic{built.own}
	}
	for _, card := range built.nics {
		card.Instance = i.ID
		d.place(card)
	}
}

func (d *decoder) looseInterface(k, n *node) {
	card := newNIC(d, k)
	read(d, n, what(kindInterface, k.Value), interfaceKeys, card)
	d.needSubnet(k, card)
	d.label(kindInterface, k.Value, card.ID)
	d.place(card)
}

func (d *decoder) needSubnet(k *node, i *nic) {
	if i.at == nil {
		d.errorf(k, "%q needs a subnet", k.Value)
	}
}

// place puts an interface into its subnet.
func (d *decoder) place(i *nic) {
	d.report.Count("interface")
	if i.at == nil {
		return
	}
	known := d.subnetNames()
	s := known[i.subnet]
	if s == nil {
		s = known[d.labels[scope{d.vpc, kindSubnet}][i.subnet]]
	}
	if s == nil {
		x := index{known: make(map[string]int)}
		for _, s := range d.vpc.Subnets {
			x.add(s.ID, s.Name)
		}
		d.missing(i.at, kindSubnet, i.subnet, &x)
		return
	}
	s.Interfaces = append(s.Interfaces, i.Interface)
}

// subnetNames finds the subnets of the VPC, all of them read, by what they can
// be referred to.
func (d *decoder) subnetNames() map[string]*vpc.Subnet {
	if d.subnets == nil {
		d.subnets = make(map[string]*vpc.Subnet)
		for _, s := range d.vpc.Subnets {
			for _, name := range []string{s.ID, s.Name} {
				d.subnets[name] = d.vpc.Subnet(name)
			}
		}
	}
	return d.subnets
}
