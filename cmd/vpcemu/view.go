package main

import (
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// view is a network as "vpcemu show" presents it: flat lists with everything
// resolved that the description leaves to defaults. Its JSON form is stable; text
// is made from it. Lists that were not asked for are nil and left out.
type view struct {
	Network        string          `json:"network"`
	VPCs           []vpcView       `json:"vpcs,omitzero"`
	Subnets        []subnetView    `json:"subnets,omitzero"`
	Interfaces     []interfaceView `json:"interfaces,omitzero"`
	RouteTables    []tableView     `json:"route_tables,omitzero"`
	SecurityGroups []groupView     `json:"security_groups,omitzero"`
	NetworkACLs    []aclView       `json:"network_acls,omitzero"`
	Gateways       []gatewayView   `json:"gateways,omitzero"`

	TransitAttachments []attachmentView   `json:"transit_attachments,omitzero"`
	TransitTables      []transitTableView `json:"transit_route_tables,omitzero"`
	VPNLinks           []linkView         `json:"vpn_links,omitzero"`
	LoadBalancers      []balancerView     `json:"load_balancers,omitzero"`
	TargetGroups       []targetGroupView  `json:"target_groups,omitzero"`
	FlowLogs           []flowLogView      `json:"flow_logs,omitzero"`
	BlockPublicAccess  []blockView        `json:"block_public_access,omitzero"`

	PrefixLists  []prefixListView  `json:"prefix_lists,omitzero"`
	Expectations []expectationView `json:"expectations,omitzero"`
	Report       *report.Report    `json:"report,omitzero"`
}

// identity is what everything in a network has.
type identity struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	VPC    string `json:"vpc,omitempty"` // the ID of the VPC it belongs to
	Origin string `json:"origin,omitempty"`
}

type vpcView struct {
	identity
	CIDRs           []string `json:"cidrs"`
	Region          string   `json:"region,omitempty"`
	Account         string   `json:"account,omitempty"`
	InternetGateway string   `json:"internet_gateway,omitempty"`
	DNS             bool     `json:"dns"`
	// Partial: the input is a listing that may lack things.
	Partial bool `json:"partial"`
}

type subnetView struct {
	identity
	CIDRs []string `json:"cidrs"`
	Zone  string   `json:"zone,omitempty"`
	// RouteTable and NetworkACL are the ones in effect; Inherited names those that
	// the subnet has only because it names no other.
	RouteTable string   `json:"route_table"`
	NetworkACL string   `json:"network_acl"`
	Inherited  []string `json:"inherited,omitempty"`
	Unknown    []string `json:"unknown,omitempty"`
	Interfaces int      `json:"interfaces"`
}

type interfaceView struct {
	identity
	Subnet    string        `json:"subnet"`
	Addresses []addressView `json:"addresses"`
	Prefixes  []string      `json:"prefixes,omitempty"`
	Groups    []string      `json:"groups"`
	Instance  string        `json:"instance,omitempty"`
	// InstanceName is given if it is not the ID.
	InstanceName string `json:"instance_name,omitempty"`
	// State is the instance's, or "detached".
	State           string `json:"state"`
	Kind            string `json:"kind,omitempty"`
	SourceDestCheck bool   `json:"source_dest_check"`
	Unknown         string `json:"unknown,omitempty"`
}

type addressView struct {
	IP     string `json:"ip,omitempty"`
	Public string `json:"public,omitempty"`
}

type tableView struct {
	identity
	// UsedBy are subnets, and the internet gateway of an edge table.
	UsedBy  []string    `json:"used_by"`
	Routes  []routeView `json:"routes"`
	Unknown string      `json:"unknown,omitempty"`
}

type routeView struct {
	Destination string `json:"destination"`
	Target      string `json:"target"`
	// State is "active", "blackhole" or "unknown", and Why says why not active.
	State  string `json:"state"`
	Why    string `json:"why,omitempty"`
	Origin string `json:"origin,omitempty"`
}

type groupView struct {
	identity
	Description string      `json:"description,omitempty"`
	UsedBy      []string    `json:"used_by"`
	Rules       []groupRule `json:"rules"`
}

type groupRule struct {
	Direction   string `json:"direction"`
	Service     string `json:"service"`
	Peer        string `json:"peer"`
	ID          string `json:"id,omitempty"`
	Description string `json:"description,omitempty"`
	Unknown     string `json:"unknown,omitempty"`
	Origin      string `json:"origin,omitempty"`
}

type aclView struct {
	identity
	UsedBy []string  `json:"used_by"`
	Rules  []aclRule `json:"rules"`
}

type aclRule struct {
	Direction string `json:"direction"`
	Number    int    `json:"number"`
	Action    string `json:"action"`
	Service   string `json:"service"`
	CIDR      string `json:"cidr"`
	Unknown   string `json:"unknown,omitempty"`
	Origin    string `json:"origin,omitempty"`
}

type gatewayView struct {
	identity
	Kind      string        `json:"kind"`
	VPCs      []string      `json:"vpcs,omitempty"` // that it joins
	Subnet    string        `json:"subnet,omitempty"`
	State     string        `json:"state,omitempty"`
	Addresses []addressView `json:"addresses,omitempty"`
	// Modelled: packets pass it; otherwise their fate is unknown.
	Modelled bool `json:"modelled"`
}

type prefixListView struct {
	identity
	Entries []string `json:"entries"`
	Unknown string   `json:"unknown,omitempty"`
}

type expectationView struct {
	Expectation string `json:"expectation"`
	Want        string `json:"want"`
	Origin      string `json:"origin,omitempty"`
}
