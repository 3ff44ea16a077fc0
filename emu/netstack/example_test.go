package netstack_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/netstack"
	"github.com/vpcemu/vpcemu/vpc"
)

// A real server on db-1 and a real client on web-1; what is not allowed times out.
func Example() {
	var n vpc.Network
	prod := n.AddVPC("prod", "10.0.0.0/16")
	prod.AddSubnet("web", "10.0.1.0/24").AddInterface("web-1", "10.0.1.10", "web")
	prod.AddSubnet("data", "10.0.2.0/24").AddInterface("db-1", "10.0.2.20", "db")
	prod.AddSecurityGroup("web").AllowOut("all", "0.0.0.0/0")
	prod.AddSecurityGroup("db").AllowIn("tcp/80", "web")
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello from db-1") })
	e, _ := emu.New(&n, emu.Options{})

	db, _ := netstack.New(e, "db-1", netstack.Options{})
	defer db.Close()
	web, _ := netstack.New(e, "web-1", netstack.Options{})
	defer web.Close()

	l, _ := db.Listen("tcp", ":80")
	go http.Serve(l, handler)

	client := http.Client{Transport: &http.Transport{DialContext: web.DialContext}}
	r, err := client.Get("http://db-1.ec2.internal/")
	if err != nil {
		fmt.Println(err)
		return
	}
	body, _ := io.ReadAll(r.Body)
	fmt.Println(string(body))

	soon, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err = web.DialContext(soon, "tcp", "10.0.2.20:22")
	fmt.Println(err)
	// Output:
	// hello from db-1
	// dial tcp 10.0.2.20:22: context deadline exceeded
}

// A host on the internet has whatever addresses it is given, and sees who comes through the
// internet gateway by the public address.
func ExampleNew_internet() {
	var n vpc.Network
	prod := n.AddVPC("prod", "10.0.0.0/16")
	prod.AddInternetGateway("igw")
	prod.AddRouteTable("public").AddRoute("0.0.0.0/0", "igw")
	prod.AddSubnet("web", "10.0.1.0/24").UseRouteTable("public").AddInterface("web-1", "10.0.1.10", "web").AddPublicIP("198.51.100.10")
	prod.AddSecurityGroup("web").AllowOut("tcp/443", "0.0.0.0/0")
	e, _ := emu.New(&n, emu.Options{})

	outside, _ := netstack.New(e, "internet", netstack.Options{Addresses: []netip.Addr{netip.MustParseAddr("203.0.113.80")}})
	defer outside.Close()
	web, _ := netstack.New(e, "web-1", netstack.Options{})
	defer web.Close()

	l, _ := outside.Listen("tcp", "203.0.113.80:443")
	c, err := web.Dial("tcp", "203.0.113.80:443")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	from, _ := l.Accept()
	fmt.Println(c.LocalAddr().(*net.TCPAddr).IP, "is", from.RemoteAddr().(*net.TCPAddr).IP)
	// Output: 10.0.1.10 is 198.51.100.10
}
