package main

import (
	"encoding/binary"
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
)

// addRules allows the ports of ruleList, and what is established before that:
//
//	chain forward { type filter hook forward priority filter; policy drop;
//	    ct state established,related accept
//	    ip saddr 10.0.0.0/8 tcp dport 1000 accept
//	    …
//	    ip saddr 10.0.0.0/8 tcp dport 20000-29999 accept }
func addRules(ns *namespace, n int) error {
	c, err := nftables.New(nftables.WithNetNSFd(ns.FD()))
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	t := c.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "filter"})
	drop := nftables.ChainPolicyDrop
	chain := c.AddChain(&nftables.Chain{
		Name: "forward", Table: t, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookForward, Priority: nftables.ChainPriorityFilter, Policy: &drop,
	})
	add := func(e ...expr.Any) {
		c.AddRule(&nftables.Rule{Table: t, Chain: chain, Exprs: append(e, &expr.Verdict{Kind: expr.VerdictAccept})})
	}
	known := binaryutil.NativeEndian.PutUint32(expr.CtStateBitESTABLISHED | expr.CtStateBitRELATED)
	add(
		&expr.Ct{Key: expr.CtKeySTATE, Register: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: known, Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: make([]byte, 4)},
	)
	for _, r := range ruleList(n) {
		add(tcpFromTen(r)...)
	}
	if err := c.Flush(); err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	return nil
}

// tcpFromTen is "ip saddr 10.0.0.0/8 tcp dport …".
func tcpFromTen(r portRange) []expr.Any {
	first, last := binary.BigEndian.AppendUint16(nil, r.first), binary.BigEndian.AppendUint16(nil, r.last)
	var match expr.Any = &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: first}
	if r.first != r.last {
		match = &expr.Range{Op: expr.CmpOpEq, Register: 1, FromData: first, ToData: last}
	}
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: 12, Len: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{10}},
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{protoTCP}},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
		match,
	}
}
