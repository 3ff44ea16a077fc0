// Package load is the one door for every file that describes a network: it finds
// out the format and hands the file to the package of that format.
//
//	net.yaml                       package yaml, the native file
//	a folder, or a .json file, of  package awsjson
//	  "aws ec2 describe-…" output
//
// Terraform plans, Terraform state and CloudFormation templates are recognised,
// and answered with [ErrNotRead]. It does not compile or change what it loads;
// package vpc says what a network is.
//
// Start with [Load].
package load
