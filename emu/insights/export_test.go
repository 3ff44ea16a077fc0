package insights

// CIDRs is for tests.
var CIDRs = cidrs
