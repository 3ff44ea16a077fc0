package tap

import (
	"net/netip"
	"strings"
	"time"
)

// Look is what has passed since the start.
func (t *Net) Look() Look {
	t.mu.Lock()
	var devices []*device
	for _, r := range t.hosts {
		devices = append(devices, r.devices...)
	}
	t.mu.Unlock()
	names := peers(t.Hosts())
	t.looks.mu.Lock()
	defer t.looks.mu.Unlock()
	l := Look{Time: time.Now(), Flows: []Flow{}, Drops: []Drop{}}
	for _, d := range devices {
		for _, f := range d.seen.flows(d.host, l.Time) {
			f.Peer = names[f.Address]
			l.Flows = append(l.Flows, f)
		}
		for key, n := range d.seen.dropList() {
			w := t.looks.explain(t.emulator, d.queryName(key.src), key)
			l.Drops = append(l.Drops, Drop{
				Host: d.host, Source: key.src.String(), Destination: endOf(key.dst, key.port, key.proto), Service: serviceOf(key.proto, key.port),
				Packets: n.packets, Bytes: n.bytes, Reason: reasonOf(key.result), Detail: w.detail, Origin: w.origin, Last: n.last,
			})
		}
	}
	t.looks.rates(l.Flows, l.Time)
	sortFlows(l.Flows)
	sortDrops(l.Drops)
	return l
}

// queryName is what a query calls the host of a device.
func (d *device) queryName(src netip.Addr) string {
	desc := d.desc.Load()
	if desc.Beyond && (desc.Port == "internet" || strings.HasPrefix(desc.Port, "onprem")) {
		return desc.Port + ":" + src.String()
	}
	return desc.Port
}
