//go:build linux

package kernel

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/xt"
	"golang.org/x/sys/unix"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
)

// ruleset is the nftables of one namespace, for both IP versions.
type ruleset struct {
	conn  *nftables.Conn
	table *nftables.Table
	added int // rules
}

// rules adds a table.
func (ns *namespace) rules(name string) *ruleset {
	return &ruleset{conn: ns.nft, table: ns.nft.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: name})}
}

// forget removes a table.
func (ns *namespace) forget(name string) {
	ns.nft.DelTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: name})
}

// Priorities of chains in prerouting.
const (
	beforeDefrag = -450
	beforeRoute  = -150
)

// chain is a list of rules.
type chain struct {
	*ruleset
	*nftables.Chain
}

// at is a chain that every packet passes which comes to a hook.
func (r *ruleset) at(name string, hook *nftables.ChainHook, priority int, kind nftables.ChainType) chain {
	return chain{r, r.conn.AddChain(&nftables.Chain{Name: name, Table: r.table, Type: kind, Hooknum: hook, Priority: nftables.ChainPriorityRef(nftables.ChainPriority(priority))})}
}

// chain is one that others jump to.
func (r *ruleset) chain(name string) chain {
	return chain{r, r.conn.AddChain(&nftables.Chain{Name: name, Table: r.table})}
}

// part is a part of a rule: a condition or what is done.
type part []expr.Any

// rule adds one, whose parts hold one after the other.
func (c chain) rule(parts ...part) {
	var all []expr.Any
	for _, p := range parts {
		all = append(all, p...)
	}
	c.conn.AddRule(&nftables.Rule{Table: c.table, Chain: c.Chain, Exprs: all})
	if c.added++; c.added%most == 0 {
		if err := c.conn.Flush(); err != nil {
			panic(err)
		}
	}
}

// most is how many rules the kernel gets at once: its answers to more might not fit a socket.
const most = 80

// flush hands to the kernel what was added.
func (ns *namespace) flush() error {
	if err := ns.nft.Flush(); err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	return nil
}

var (
	accept   = part{&expr.Verdict{Kind: expr.VerdictAccept}}
	drop     = part{&expr.Verdict{Kind: expr.VerdictDrop}}
	leave    = part{&expr.Verdict{Kind: expr.VerdictReturn}}
	noTrack  = part{&expr.Notrack{}}
	reset    = part{&expr.Reject{Type: unix.NFT_REJECT_TCP_RST}}
	anything = part{}
)

func jump(to chain) part { return part{&expr.Verdict{Kind: expr.VerdictJump, Chain: to.Name}} }

// equal compares what a part has loaded.
func equal(data []byte) *expr.Cmp { return &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: data} }

func not(p part) part {
	last := *p[len(p)-1].(*expr.Cmp)
	last.Op = expr.CmpOpNeq
	return append(p[:len(p)-1:len(p)-1], &last)
}

func from(link string) part { return device(expr.MetaKeyIIFNAME, link) }
func to(link string) part   { return device(expr.MetaKeyOIFNAME, link) }

func device(key expr.MetaKey, name string) part {
	padded := make([]byte, unix.IFNAMSIZ)
	copy(padded, name)
	return part{&expr.Meta{Key: key, Register: 1}, equal(padded)}
}

// links is all of a kind, which begin with the same letters.
func links(key expr.MetaKey, start string) part {
	return part{&expr.Meta{Key: key, Register: 1}, equal([]byte(start))}
}

func version(v4 bool) part {
	family := byte(unix.NFPROTO_IPV6)
	if v4 {
		family = unix.NFPROTO_IPV4
	}
	return part{&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: 1}, equal([]byte{family})}
}

func protocol(p packet.Proto) part {
	return part{&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, equal([]byte{byte(p)})}
}

func load(base expr.PayloadBase, offset, length uint32) *expr.Payload {
	return &expr.Payload{DestRegister: 1, Base: base, Offset: offset, Len: length}
}

// masked compares some bits.
func masked(data, mask []byte) part {
	return part{&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: uint32(len(mask)), Mask: mask, Xor: make([]byte, len(mask))}, equal(data)}
}

func source(p netip.Prefix) part      { return address(p, 12, 8) }
func destination(p netip.Prefix) part { return address(p, 16, 24) }

func address(p netip.Prefix, at4, at6 uint32) part {
	p = p.Masked()
	all, at := p.Addr().AsSlice(), at6
	if p.Addr().Is4() {
		at = at4
	}
	if p.Bits() == 0 {
		return version(p.Addr().Is4())
	}
	mask := make([]byte, len(all))
	for bit := range p.Bits() {
		mask[bit/8] |= 0x80 >> (bit % 8)
	}
	return append(append(version(p.Addr().Is4()), load(expr.PayloadBaseNetworkHeader, at, uint32(len(all)))), masked(all, mask)...)
}

// host is the prefix of one address.
func host(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

const (
	sourcePort      = 0
	destinationPort = 2
)

func ports(at uint32, first, last int) part {
	if first == 0 && last == 65535 {
		return anything
	}
	b := func(n int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(n)) }
	return part{load(expr.PayloadBaseTransportHeader, at, 2), &expr.Range{Op: expr.CmpOpEq, Register: 1, FromData: b(first), ToData: b(last)}}
}

// icmp is a type and a code of messages, -1 any.
func icmp(kind, code int) (p part) {
	for at, want := range []int{kind, code} {
		if want < 0 {
			break
		}
		p = append(p, load(expr.PayloadBaseTransportHeader, uint32(at), 1), equal([]byte{byte(want)}))
	}
	return p
}

// flags compares the flags of TCP that a mask has.
func flags(want, mask packet.TCPFlags) part {
	return append(part{load(expr.PayloadBaseTransportHeader, 13, 1)}, masked([]byte{byte(want)}, []byte{byte(mask)})...)
}

// service is what a rule of a group or ACL is about (SG-8, SG-9, SG-11, ACL-11, ACL-14).
func service(s firewall.Service) part { return serviceAt(s, destinationPort) }

func serviceAt(s firewall.Service, at uint32) part {
	p := packet.Proto(s.Protocol)
	switch {
	case s.Protocol == firewall.AllProtocols:
		return anything
	case p.HasPorts():
		return append(protocol(p), ports(at, s.From, s.To)...)
	case p.IsICMP():
		return append(protocol(p), icmp(s.From, s.To)...)
	}
	return protocol(p)
}

// putTogether makes whole packets of pieces, and tracks nothing: it is asking for the state that makes the kernel do so.
func (r *ruleset) putTogether() {
	raw := r.at("raw", nftables.ChainHookPrerouting, -300, nftables.ChainTypeFilter)
	raw.rule(noTrack)
	raw.rule(invalid, drop)
}

func number(n uint32) []byte { return binaryutil.NativeEndian.PutUint32(n) }

// Marks of a packet in one namespace.
func marked(n uint32) part {
	return part{&expr.Meta{Key: expr.MetaKeyMARK, Register: 1}, equal(number(n))}
}
func mark(n uint32) part {
	return part{&expr.Immediate{Register: 1, Data: number(n)}, &expr.Meta{Key: expr.MetaKeyMARK, Register: 1, SourceRegister: true}}
}

// Marks of a connection.
var (
	tracked = part{&expr.Ct{Key: expr.CtKeyMARK, Register: 1}, equal(number(1))}
	track   = part{&expr.Immediate{Register: 1, Data: number(1)}, &expr.Ct{Key: expr.CtKeyMARK, Register: 1, SourceRegister: true}}
	invalid = state(expr.CtStateBitINVALID)
)

// zone keeps connections apart by an address, some bytes of the packet: the kernel knows them by both ends, AWS by which of the two is
// the interface's (SG-36). What a middlebox takes in and what it sends on are two (ORDER-10).
func zone(v4 bool, at4, at6 uint32) part {
	at, length := at6, uint32(16)
	if v4 {
		at, length = at4, 4
	}
	return append(version(v4), load(expr.PayloadBaseNetworkHeader, at, length),
		&expr.Hash{SourceRegister: 1, DestRegister: 2, Length: length, Modulus: 1 << 16, Seed: 1, Type: expr.HashTypeJenkins},
		&expr.Ct{Key: expr.CtKeyZONE, Register: 2, SourceRegister: true})
}

// neither is a packet that has none of some states.
func neither(bits uint32) part {
	p := state(bits)
	p[len(p)-1].(*expr.Cmp).Op = expr.CmpOpEq
	return p
}

func state(bits uint32) part {
	return part{&expr.Ct{Key: expr.CtKeySTATE, Register: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: number(bits), Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: make([]byte, 4)}}
}

// tag is what a packet takes along from namespace to namespace, in its Type of Service, which the packets of these tests do not use.
type tag byte

const (
	fresh     tag = 0
	forwarded tag = 4  // by a guest or a gateway, which loses the group of the sender (SG-23)
	kept      tag = 8  // by a NAT gateway or an egress-only one: the flow is tracked, at both ends (SG-34)
	fabric    tag = 12 // the router's own message, which nothing filters (MTU-8)
)

// tagged are the parts for one IP version.
func tagged(t tag, v4 bool) part {
	data, mask := []byte{0, byte(t)}, []byte{0, 0xfc}
	if !v4 {
		data, mask = []byte{byte(t) >> 4, byte(t) << 4}, []byte{0x0f, 0xc0}
	}
	return append(append(version(v4), load(expr.PayloadBaseNetworkHeader, 0, 2)), masked(data, mask)...)
}

func setTag(t tag, v4 bool) part {
	xor, mask := []byte{0, byte(t)}, []byte{0xff, 0}
	write := &expr.Payload{OperationType: expr.PayloadWrite, SourceRegister: 1, Base: expr.PayloadBaseNetworkHeader, Len: 2}
	if v4 {
		write.CsumType, write.CsumOffset = expr.CsumTypeInet, 10
	} else {
		xor, mask = []byte{byte(t) >> 4, byte(t) << 4}, []byte{0xf0, 0x0f}
	}
	return append(version(v4), load(expr.PayloadBaseNetworkHeader, 0, 2),
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 2, Mask: mask, Xor: xor}, write)
}

// both adds a rule for IPv4 and one for IPv6.
func (c chain) both(parts func(v4 bool) []part) {
	c.rule(parts(true)...)
	c.rule(parts(false)...)
}

// sameTTL gives back, before it is taken, the hop that forwarding through this namespace takes from a packet: AWS's router takes
// none (LNK-17).
func (ns *namespace) sameTTL() {
	ns.addTTL(nftables.TableFamilyIPv4, "TTL", anything)
	ns.addTTL(nftables.TableFamilyIPv6, "HL", anything)
}

// addTTL adds one to the TTL or Hop Limit, which takes a target of iptables and the name of a table where that may stand.
func (ns *namespace) addTTL(family nftables.TableFamily, target string, of part) {
	r := &ruleset{conn: ns.nft, table: ns.nft.AddTable(&nftables.Table{Family: family, Name: "mangle"})}
	plusOne := xt.Unknown{1, 1, 0, 0}
	r.at("ttl", nftables.ChainHookPrerouting, beforeRoute, nftables.ChainTypeFilter).rule(of, part{&expr.Target{Name: target, Info: &plusOne}})
}

// silent lets the namespace itself receive nothing, and send only what is said.
func (r *ruleset) silent(but ...part) {
	r.at("input", nftables.ChainHookInput, 0, nftables.ChainTypeFilter).rule(drop)
	out := r.at("output", nftables.ChainHookOutput, 0, nftables.ChainTypeFilter)
	for _, b := range but {
		out.rule(b, accept)
	}
	out.rule(drop)
}
