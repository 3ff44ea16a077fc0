package insights

// Analyses is the answer of "aws ec2 describe-network-insights-analyses".
type Analyses struct {
	NetworkInsightsAnalyses []NetworkInsightsAnalysis
}

// NetworkInsightsAnalysis is the answer to one question. Names, here and below, are
// those of the EC2 API, and so are the meanings; what is not known is left out.
type NetworkInsightsAnalysis struct {
	// Status is "succeeded", or "failed" if the verdict is unknown: StatusMessage then
	// says why, and there is no NetworkPathFound.
	Status        string
	StatusMessage string `json:",omitempty"`
	// WarningMessage is what the answer takes for granted, and what blocks without that
	// there is a code for it.
	WarningMessage        string          `json:",omitempty"`
	NetworkPathFound      *bool           `json:",omitempty"`
	ForwardPathComponents []PathComponent `json:",omitempty"`
	ReturnPathComponents  []PathComponent `json:",omitempty"`
	Explanations          []Explanation   `json:",omitempty"`
	Tags                  []Tag
}

// Tag is never written: an analysis has none.
type Tag struct{ Key, Value string }

// PathComponent is one thing on the way.
type PathComponent struct {
	SequenceNumber                int
	AclRule                       *AnalysisAclRule               `json:",omitempty"`
	AttachedTo                    *AnalysisComponent             `json:",omitempty"`
	Component                     *AnalysisComponent             `json:",omitempty"`
	InboundHeader                 *AnalysisPacketHeader          `json:",omitempty"`
	OutboundHeader                *AnalysisPacketHeader          `json:",omitempty"`
	RouteTableRoute               *AnalysisRouteTableRoute       `json:",omitempty"`
	SecurityGroupRule             *AnalysisSecurityGroupRule     `json:",omitempty"`
	Subnet                        *AnalysisComponent             `json:",omitempty"`
	TransitGatewayRouteTableRoute *TransitGatewayRouteTableRoute `json:",omitempty"`
	Vpc                           *AnalysisComponent             `json:",omitempty"`
	AdditionalDetails             []AdditionalDetail
	Explanations                  []Explanation
}

// AdditionalDetail is never written.
type AdditionalDetail struct{}

// AnalysisComponent is a resource. A description in YAML has no IDs: then Id is the name.
type AnalysisComponent struct {
	Id   string
	Arn  string `json:",omitempty"`
	Name string `json:",omitempty"`
}

// AnalysisPacketHeader is the packet that was sent, so that each range is one value, or those
// that are alike, see [Case].
type AnalysisPacketHeader struct {
	DestinationAddresses  []string    `json:",omitempty"`
	DestinationPortRanges []PortRange `json:",omitempty"`
	Protocol              string      `json:",omitempty"`
	SourceAddresses       []string    `json:",omitempty"`
	SourcePortRanges      []PortRange `json:",omitempty"`
}

// PortRange is ports.
type PortRange struct{ From, To int }

// AnalysisAclRule is an entry of a network ACL.
type AnalysisAclRule struct {
	Cidr       string
	Egress     bool
	PortRange  *PortRange `json:",omitempty"`
	Protocol   string
	RuleAction string
	RuleNumber int
}

// AnalysisSecurityGroupRule is a rule of a security group. SecurityGroupId is the group
// that it refers to.
type AnalysisSecurityGroupRule struct {
	Cidr            string `json:",omitempty"`
	Direction       string
	PortRange       *PortRange `json:",omitempty"`
	PrefixListId    string     `json:",omitempty"`
	Protocol        string
	SecurityGroupId string `json:",omitempty"`
}

// AnalysisRouteTableRoute is a route of a VPC.
type AnalysisRouteTableRoute struct {
	CarrierGatewayId            string `json:",omitempty"`
	CoreNetworkArn              string `json:",omitempty"`
	DestinationCidr             string `json:",omitempty"`
	DestinationPrefixListId     string `json:",omitempty"`
	EgressOnlyInternetGatewayId string `json:",omitempty"`
	GatewayId                   string `json:",omitempty"`
	InstanceId                  string `json:",omitempty"`
	LocalGatewayId              string `json:",omitempty"`
	NatGatewayId                string `json:",omitempty"`
	NetworkInterfaceId          string `json:",omitempty"`
	Origin                      string
	State                       string
	TransitGatewayId            string `json:",omitempty"`
	VpcPeeringConnectionId      string `json:",omitempty"`
}

// TransitGatewayRouteTableRoute is a route of a transit gateway.
type TransitGatewayRouteTableRoute struct {
	AttachmentId    string `json:",omitempty"`
	DestinationCidr string `json:",omitempty"`
	PrefixListId    string `json:",omitempty"`
	State           string
}

// Explanation is something in the way.
type Explanation struct {
	Acl                           *AnalysisComponent `json:",omitempty"`
	AclRule                       *AnalysisAclRule   `json:",omitempty"`
	AttachedTo                    *AnalysisComponent `json:",omitempty"`
	Component                     *AnalysisComponent `json:",omitempty"`
	Direction                     string             `json:",omitempty"`
	ExplanationCode               string
	InternetGateway               *AnalysisComponent             `json:",omitempty"`
	LoadBalancerArn               string                         `json:",omitempty"`
	NatGateway                    *AnalysisComponent             `json:",omitempty"`
	NetworkInterface              *AnalysisComponent             `json:",omitempty"`
	RouteTable                    *AnalysisComponent             `json:",omitempty"`
	RouteTableRoute               *AnalysisRouteTableRoute       `json:",omitempty"`
	SecurityGroups                []AnalysisComponent            `json:",omitempty"`
	State                         string                         `json:",omitempty"`
	Subnet                        *AnalysisComponent             `json:",omitempty"`
	TransitGateway                *AnalysisComponent             `json:",omitempty"`
	TransitGatewayRouteTable      *AnalysisComponent             `json:",omitempty"`
	TransitGatewayRouteTableRoute *TransitGatewayRouteTableRoute `json:",omitempty"`
	Vpc                           *AnalysisComponent             `json:",omitempty"`
	VpcEndpoint                   *AnalysisComponent             `json:",omitempty"`
	VpcPeeringConnection          *AnalysisComponent             `json:",omitempty"`
	VpnConnection                 *AnalysisComponent             `json:",omitempty"`
	VpnGateway                    *AnalysisComponent             `json:",omitempty"`
}
