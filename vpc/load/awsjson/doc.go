// Package awsjson reads AWS snapshots, folders with the output of
// "aws … describe-*", and writes networks in the same form.
//
// Any *.json file counts, at any depth, and what it holds is told by its
// top-level keys and not by its name:
//
//	aws_configs/*.json
//	aws_configs/<region>/*.json
//	aws_configs/accounts/<account>/<region>/*.json    beside which nothing else counts
//	*.json                                            output files in one folder
//
// A load goes through three steps, each a file or a few:
//
//	files ──▶ elements by key ──▶ handlers, kind by kind ──▶ what only shows at the end ──▶ clean
//	load.go   json.go             kinds.go is the table      finish.go, missing.go          clean.go
//
// Nothing aborts a load and nothing is dropped silently: see the report that [Load] returns. A
// broken element loses itself. A broken rule, entry or route keeps its place and
// is marked unknown, and so is all that an enum value makes unclear, because
// leaving it out would turn "unknown" into "allowed" or "denied". For the same
// reason every VPC is loaded as [vpc.VPC.Partial]: what a snapshot lacks is unknown.
// The files are checked like any description, and what AWS would refuse is taken
// out or marked.
//
// What "aws elbv2 describe-target-health" and the listings of attributes are about
// does not stand in them. It is told by a TargetGroupArn or LoadBalancerArn beside the
// list, as stored snapshots have it, or by the name of the file, which has the name or
// the ID in it; a lone target group or load balancer needs neither.
//
// Writing is the inverse: [Load] of what [Write] wrote gives the same network,
// and the same bytes when it is written again. What the listings cannot hold gets
// lost: expectations, [vpc.Instance.TrackedFlows], the wording of Unknown texts, how a
// propagated route was learned, [vpc.VPC.Unlisted] where the interfaces of the VPC's Region are listed, what BGP told of prefixes, prefixes of attachments of transit
// gateways that they propagate nowhere, metadata options apart from the instance's first
// interface, core and ODB networks as gateways, and the ports of a rule that is
// unknown. Regions that are not called like AWS's get lost too.
//
// Start with [Load].
package awsjson
