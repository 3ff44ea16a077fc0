package yaml

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/vpc"
)

// addresses writes private addresses under ip, and the public one of the first
// under a key of its own where that is possible.
func (w *writer) addresses(m mapping, all []vpc.Address) {
	if len(all) == 0 {
		return
	}
	first, key, public := all[0], "", (*node)(nil)
	switch {
	case first.Zone != "": // which only the long form has
	case first.AutoPublic && !first.Public.IsValid():
		key, public = "public-ip", plain("!!bool", "true")
	case first.Public.IsValid() && !first.AutoPublic:
		key, public = "public-ip", scalar(first.Public.String())
	}
	if key != "" && first.Elastic {
		key = "elastic-ip"
	}
	if key != "" {
		all = append([]vpc.Address{{IP: first.IP}}, all[1:]...)
	}
	var items []*node
	for _, a := range all {
		items = append(items, address(a))
	}
	if len(all) > 1 || key == "" || first.IP.IsValid() {
		m.add("ip", oneOrList(items))
	}
	if key != "" {
		m.add(key, public)
	}
}

// address is the private address alone if there is nothing else.
func address(a vpc.Address) *node {
	ip := "auto"
	if a.IP.IsValid() {
		ip = a.IP.String()
	}
	if a == (vpc.Address{IP: a.IP}) {
		return scalar(ip)
	}
	m := newMapping()
	m.text("ip", ip)
	switch {
	case a.Public.IsValid():
		m.text("public-ip", a.Public.String())
		m.flag("auto-public", a.AutoPublic, true)
	case a.AutoPublic:
		m.flag("public-ip", true, true)
	}
	m.flag("elastic", a.Elastic, true)
	m.text("az", a.Zone)
	return m.node
}

// addrs are addresses, each as text.
func addrs(all []netip.Addr) []*node {
	var items []*node
	for _, a := range all {
		items = append(items, scalar(a.String()))
	}
	return items
}
