// Command vpcemu answers questions about AWS VPCs by carrying real packets
// through a description of them.
//
//	vpcemu trace NETWORK SRC DST SERVICE    can SRC reach DST? the path both ways, everything in the way
//	vpcemu reach NETWORK [SRC [DST]]        all traffic that gets from where to where
//	vpcemu check NETWORK [FILE…]            do all expectations hold?
//	vpcemu diff OLD NEW                     what does a change open and close?
//	vpcemu show NETWORK                     tables of what was loaded, and what was left out
//	vpcemu convert NETWORK [DIR] -o yaml|aws
//	vpcemu replay NETWORK CAPTURE           what becomes of captured packets?
//	vpcemu snapshot                         a script that takes a snapshot of an AWS account
//	vpcemu examples [NAME]                  the networks that come with vpcemu
//	vpcemu schema                           the JSON schema of the YAML network file
//	vpcemu up NETWORK                       instances as network namespaces, for real programs (Linux, root);
//	                                        --pcap and --flow-logs write what passes
//	vpcemu exec HOST PROGRAM                runs a program on one
//	vpcemu down [NAME], vpcemu top [NAME]   takes them down; what passes, live
//	vpcemu completion bash|zsh|fish|powershell
//	vpcemu version
//
// NETWORK is a YAML file, a folder or file of "aws ec2 describe-…" JSON, or
// example:NAME for an embedded example. "vpcemu COMMAND --help" explains each.
//
// # Exit status
//
//	0  yes: reachable; all expectations hold; nothing opened or closed; no
//	   warnings; done
//	1  no: blocked; some expectation does not hold; something opened, closed
//	   or became unknown; lint warns
//	2  the question could not be answered: bad usage, a file that cannot be
//	   read, a name that is not there or is ambiguous, or something on the way
//	   that is not modelled or not described
//
// exec has the exit status of the program.
//
// Answers are on standard output; errors and notes are on standard error.
//
// # JSON
//
// With -o json an answer is one JSON object, whose keys stay from version to
// version; new ones may be added. Lists are never null.
//
// Of trace, it is an [emu.Trace]:
//
//	{"verdict": "blocked",                     reachable, blocked or unknown
//	 "source": "app-1", "destination": "db-1", "service": "tcp/22",
//	 "request": {"verdict": "dropped",         delivered, exited, dropped or unknown
//	             "at": "db-1",
//	             "steps": [{"stage": "SG-OUT", "kind": "eni", "component": "app-1", "verdict": "pass", …}]},
//	 "reply": {…},                             absent with --one-way, and if it is unknown who would answer
//	 "ack": {…},                               only if the third packet of a handshake fails
//	 "blockers": [{"reason": "SG_INGRESS", "code": "ENI_SG_RULES_MISMATCH", "stage": "SG-IN", "kind": "eni",
//	               "component": "db-1", "direction": "request", "detail": "…", "origin": "net.yaml:39"}],
//	 "unknowns": [],                           as blockers
//	 "notes": ["…"]}                           what is taken for granted, if anything
//
// Of reach with SRC and DST, a [reach.Answer]; otherwise the rows in which something is
// reachable, or unknown, between classes of ends that nothing tells apart:
//
//	{"network": "net.yaml",
//	 "classes": [{"name": "app-1", "kind": "interface", "members": ["app-1", "app-2"]}],
//	 "rows": [{"source": "app-1", "destination": "db-1", "reachable": ["tcp/5432"], "unknown": [], "why_unknown": []}]}
//
// Of check:
//
//	{"passed": 7, "failed": 1, "unknown": 0,
//	 "results": [{"expectation": "app-1 -> db-1 tcp/22", "want": "reachable", "got": "blocked", "holds": false,
//	              "error": "…",                if the question could not be asked; "got" is "unknown" then
//	              "origin": "net.yaml:52",
//	              "pairs": 4,                  of ends, if there are several
//	              "wrong": [{"source": "app-1", "destination": "db-1", "others": [["app-2", "db-1"]],
//	                         "got": "reachable", "want": "blocked", "traffic": ["tcp/22"], "depends": "…",
//	                         "by": "eni db-1, sg ingress: db rule 1: …", "origin": "net.yaml:12"}],
//	              "trace": {…}}]}              if it does not hold, or with --verbose
//
// "want" and "got" are both reachable where "only" does not hold: more gets through.
//
// Of diff:
//
//	{"old": "net.yaml", "new": "new.yaml", "same": false, "added": ["web-3"], "removed": [], "renamed": [["a", "b"]],
//	 "changes": [{"kind": "opened",            opened, closed, unclear or rerouted
//	              "ipv6": false, "sources": ["internet"], "destinations": ["db-1"], "traffic": ["tcp/5432"],
//	              "was": "blocked", "is": "reachable",
//	              "by": [{"component": "eni db-1", "text": "…", "origin": "new.yaml:12"}], "before": […],
//	              "old_trace": {…}, "new_trace": {…}}]}   with --verbose
//
// check and diff also write JUnit's XML, SARIF 2.1.0 and the workflow commands of GitHub Actions.
//
// Of replay, a [replay.Report] with the names of what was replayed:
//
//	{"network": "net.yaml", "capture": "web.pcapng", "verdict": "dropped",   passed, dropped or unknown
//	 "error": "…",                             why the capture was not read to its end, if so
//	 "read": 10, "passed": 6, "dropped": 1, "unknown": 0, "withheld": 1, "not_used": 2, "bytes": 308,
//	 "flows": [{"client": "app-1", "server": "db-1", "captured": "tcp 192.168.1.10:40001 > 192.168.1.20:22", "sent": "…",
//	            "arrived": "…", "first": 6, "verdict": "dropped", "request": {"passed": 0, "dropped": 1, …}, "reply": {…},
//	            "lost": [{"direction": "request", "verdict": "dropped", "packets": 1, "first": 6, "step": {…}}]}],
//	 "not_used_because": [{"because": "not IP: ARP", "packets": 1, "first": 1, "matters": false}],
//	 "flow_logs": […]}                         with --flow-logs
//
// Of show, flat lists in which things refer to each other by ID; --only leaves
// lists out. The types are in view.go:
//
//	{"network": "net.yaml", "vpcs": […], "subnets": […], "interfaces": […], "route_tables": […],
//	 "security_groups": […], "network_acls": […], "gateways": […], "transit_attachments": […],
//	 "transit_route_tables": […], "vpn_links": […], "load_balancers": […], "target_groups": […], "flow_logs": […],
//	 "block_public_access": […], "prefix_lists": […], "expectations": […],
//	 "report": {"format": "yaml", "read": {"subnet": 3}, "notes": [{"verdict": "skipped", "where": "…", "what": "…", "why": "…"}]}}
//
// # Colour
//
// Text is coloured on a terminal, unless NO_COLOR is set or TERM is "dumb";
// --color=always or never decides otherwise.
package main
