package main

// patternHelp is what patterns are, wherever SRC and DST may be some.
const patternHelp = `Patterns are
  app-*, web-?, prod/*     what is called so: * stands for any letters, ? for one, and
                           all else for itself; before a slash is the VPC
  any, *                   everything that has a name: interfaces of instances and,
                           as DST, load balancers and interface endpoints. A line of
                           YAML that begins with * stands in quotes.
  public, private          in subnets whose route table has a route to an internet
                           gateway, whatever its destination, that is no blackhole;
                           and in subnets without one. Lint means the same.
  subnet:db, vpc:prod, group:web, tag:Name=db-*
                           in them, with it, called so; each may be a pattern
  a, b except c, d         several, and all but some
They never mean internet or onprem, which are named; onprem, where there are several
such networks, is all of them. What is called exactly as a pattern is, is that. One
that means nothing is an error, as is a name that several things have: name those
prod/app-1.`
