package tap

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// metadata is the instance metadata service, version 2: a PUT asks for a token, which
// every other request carries. It knows of an instance what the description says.
type metadata struct {
	who func(remote string) *guest
	// ttl gives what is sent on a request's connection from now on a TTL; nil: nobody
	// minds.
	ttl    func(r *http.Request, ttl int)
	mu     sync.Mutex
	tokens map[string]token
}

// token is what somebody may ask with.
type token struct {
	guest *guest
	until time.Time
}

const (
	tokenPath   = "/latest/api/token"
	tokenHeader = "X-Aws-Ec2-Metadata-Token"
	ttlHeader   = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
	dataPath    = "/latest/meta-data"

	mostSeconds = 21600
	mostTokens  = 1 << 16
	ordinaryTTL = 64
)

// ServeHTTP answers one request.
func (m *metadata) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := m.who(r.RemoteAddr)
	setTTL := func(ttl int) {
		if m.ttl != nil {
			m.ttl(r, ttl)
		}
	}
	w.Header().Set("Server", "EC2ws")
	w.Header().Set("Content-Type", "text/plain")
	switch {
	case g == nil:
		http.Error(w, "the interface is gone", http.StatusServiceUnavailable)
	case r.URL.Path == tokenPath && r.Method == http.MethodPut:
		setTTL(max(1, g.iface.Metadata.HopLimit)) // LNK-12
		m.issue(w, r, g)
	default:
		setTTL(ordinaryTTL) // LNK-13
		m.tell(w, r, g)
	}
}

// issue answers who asks for a token.
func (m *metadata) issue(w http.ResponseWriter, r *http.Request, g *guest) {
	seconds, err := strconv.Atoi(r.Header.Get(ttlHeader))
	switch {
	case r.Header.Get("X-Forwarded-For") != "":
		http.Error(w, "a proxy gets no token", http.StatusForbidden)
		return
	case err != nil || seconds < 1 || seconds > mostSeconds:
		http.Error(w, ttlHeader+" must be 1 to 21600", http.StatusBadRequest)
		return
	}
	t := rand.Text()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tokens == nil || len(m.tokens) >= mostTokens {
		m.tokens = make(map[string]token)
	}
	m.tokens[t] = token{g, time.Now().Add(time.Duration(seconds) * time.Second)}
	w.Header().Set(ttlHeader, strconv.Itoa(seconds))
	fmt.Fprint(w, t)
}

// tell answers who asks with a token.
func (m *metadata) tell(w http.ResponseWriter, r *http.Request, g *guest) {
	if !m.valid(r.Header.Get(tokenHeader), g) {
		http.Error(w, "want a token: PUT "+tokenPath, http.StatusUnauthorized)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, r.Method, http.StatusMethodNotAllowed)
		return
	}
	rest, ok := strings.CutPrefix(r.URL.Path, dataPath)
	text, found := g.metadata()[strings.Trim(rest, "/")]
	switch {
	case strings.Trim(r.URL.Path, "/") == "latest":
		fmt.Fprint(w, "meta-data/")
	case !ok || !found:
		http.NotFound(w, r)
	default:
		fmt.Fprint(w, text)
	}
}

// valid reports whether a token is the instance's own and still good.
func (m *metadata) valid(text string, g *guest) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.tokens[text]
	return ok && t.guest.instance == g.instance && t.guest.vpc.ID == g.vpc.ID && time.Now().Before(t.until)
}

// metadata is what there is to ask for, by path. Folders list what is in them.
func (g *guest) metadata() map[string]string {
	m := make(map[string]string)
	set := func(path string, values ...string) {
		if text := strings.Join(values, "\n"); text != "" {
			m[path] = text
		}
	}
	primary := g.others[0]
	for _, o := range g.others {
		if o.iface.DeviceIndex < primary.iface.DeviceIndex {
			primary = o
		}
		o.interfaceData(set)
	}
	set("instance-id", g.instance)
	set("mac", primary.mac.String())
	set("placement/region", g.vpc.RegionName())
	set("placement/availability-zone", g.zone())
	set("services/domain", "amazonaws.com")
	set("services/partition", "aws")
	set("security-groups", primary.groups()...)
	if four := primary.addresses(true, false); len(four) > 0 {
		set("local-ipv4", four[0].String())
		name := g.vpc.PrivateName(four[0])
		set("hostname", name)
		set("local-hostname", name)
	}
	if public := primary.addresses(true, true); len(public) > 0 {
		set("public-ipv4", public[0].String())
		if g.vpc.DNSHostnames {
			set("public-hostname", g.vpc.PublicName(public[0]))
		}
	}
	if six := primary.addresses(false, false); len(six) > 0 {
		set("ipv6", six[0].String())
	}
	addFolders(m)
	return m
}

// interfaceData is what is said of each interface.
func (g *guest) interfaceData(set func(path string, values ...string)) {
	at := "network/interfaces/macs/" + g.mac.String() + "/"
	set(at+"mac", g.mac.String())
	set(at+"device-number", strconv.Itoa(g.iface.DeviceIndex))
	set(at+"interface-id", g.iface.ID)
	set(at+"subnet-id", g.subnet.ID)
	set(at+"vpc-id", g.vpc.ID)
	set(at+"security-groups", g.groups()...)
	set(at+"local-ipv4s", texts(g.addresses(true, false))...)
	set(at+"public-ipv4s", texts(g.addresses(true, true))...)
	set(at+"ipv6s", texts(g.addresses(false, false))...)
	for _, c := range g.subnet.CIDRs {
		if c.Addr().Is4() {
			set(at+"subnet-ipv4-cidr-block", c.String())
		}
	}
	var blocks []string
	for _, c := range g.vpc.CIDRs {
		if c.Addr().Is4() {
			blocks = append(blocks, c.String())
		}
	}
	set(at+"vpc-ipv4-cidr-blocks", blocks...)
	set(at+"vpc-ipv4-cidr-block", blocks[:min(1, len(blocks))]...)
}

// groups are the names of the interface's security groups.
func (g *guest) groups() []string {
	var names []string
	for _, id := range g.iface.Groups {
		if s := g.vpc.SecurityGroup(id); s != nil && s.Name != "" {
			id = s.Name
		}
		names = append(names, id)
	}
	return names
}

// addresses are the interface's of an IP version, or the public ones mapped to them.
func (g *guest) addresses(v4, public bool) []netip.Addr {
	var list []netip.Addr
	for _, a := range g.iface.Addresses {
		ip := a.IP
		if public {
			ip = a.Public
		}
		if ip.IsValid() && a.IP.Is4() == v4 {
			list = append(list, ip)
		}
	}
	return list
}

func texts(list []netip.Addr) []string {
	all := make([]string, len(list))
	for k, a := range list {
		all[k] = a.String()
	}
	return all
}

// addFolders adds the folders, the root as "".
func addFolders(m map[string]string) {
	folders := make(map[string][]string)
	for path := range m {
		for path != "" {
			k := strings.LastIndexByte(strings.TrimSuffix(path, "/"), '/') + 1
			parent, name := strings.TrimSuffix(path[:k], "/"), path[k:]
			if !slices.Contains(folders[parent], name) {
				folders[parent] = append(folders[parent], name)
			}
			path = path[:k]
		}
	}
	for path, names := range folders {
		slices.Sort(names)
		m[path] = strings.Join(names, "\n")
	}
}
