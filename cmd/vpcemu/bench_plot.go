package main

import (
	"cmp"
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/bench"
)

// plot is curves over a dimension, both axes logarithmic.
type plot struct {
	title, across, up string
	curves            []curve
}

// curve is a line through points.
type curve struct {
	name   string
	peer   bool // of another project
	points []point
}

type point struct{ x, y float64 }

// plotsOf draws each family over its dimension, and peers beside it.
func plotsOf(r *bench.Report, peers *bench.Peers) (plots []*plot) {
	for _, f := range bench.Families {
		byUnit := make(map[string]*plot)
		for i := range r.Results {
			res := &r.Results[i]
			axis := f.Axis
			if _, ok := res.Dimension(axis); !ok {
				axis = "flows" // what a flow takes, beside what an interface does
			}
			x, ok := res.Dimension(axis)
			if res.Family != f.Name || !ok {
				continue
			}
			p := byUnit[res.Unit]
			if p == nil {
				p = &plot{title: f.What, across: axis, up: res.Unit}
				byUnit[res.Unit], plots = p, append(plots, p)
			}
			p.add(res.Without(axis), false, point{x, res.Median})
		}
		if p := byUnit["ns/"+peerUnits[f.Name]]; p != nil && peers != nil {
			p.addPeers(f.Name, peers)
		}
	}
	return plots
}

// peerUnits are what of ours can stand beside peers.
var peerUnits = map[string]string{"forward": "packet", "filter": "decision", "lpm": "lookup"}

func (p *plot) addPeers(family string, peers *bench.Peers) {
	for i := range peers.Results {
		res := &peers.Results[i]
		x, ok := res.Number(p.across)
		if res.Family != family || !ok {
			continue
		}
		variant := ""
		for _, word := range []string{"IPv6", "last"} { // which are curves of their own
			if strings.Contains(res.Case, word) {
				variant = ", " + word
			}
		}
		for _, row := range res.Rows {
			p.add(row.Peer+variant, true, point{x, row.NS.Median})
		}
	}
}

func (p *plot) add(name string, peer bool, at point) {
	i := slices.IndexFunc(p.curves, func(c curve) bool { return c.name == name && c.peer == peer })
	if i < 0 {
		i = len(p.curves)
		p.curves = append(p.curves, curve{name: name, peer: peer})
	}
	c := &p.curves[i]
	c.points = append(c.points, at)
	slices.SortFunc(c.points, func(a, b point) int { return cmp.Compare(a.x, b.x) })
}

// The picture of a plot, in pixels: the curves, and the names of the curves to the
// right of them.
const (
	plotWidth, plotHeight   = 900, 360
	plotLeft, plotRight     = 70, 560
	plotTop, plotBottom     = 40, 300
	legendLeft, legendAbove = 580, 50
)

// colours can be told apart by most people who confuse some.
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#999999"}

// writePlot writes plots as an SVG picture, one below the other.
func writePlot(w io.Writer, plots []*plot) error {
	height := plotHeight * max(len(plots), 1)
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n",
		plotWidth, height, plotWidth, height)
	fmt.Fprintf(w, `<rect width="%d" height="%d" fill="white"/>`+"\n", plotWidth, height)
	for i, p := range plots {
		fmt.Fprintf(w, `<g transform="translate(0 %d)">`+"\n", i*plotHeight)
		p.draw(w)
		fmt.Fprintln(w, "</g>")
	}
	_, err := fmt.Fprintln(w, "</svg>")
	return err
}

func (p *plot) draw(w io.Writer) {
	words := func(x, y int, anchor, s string) {
		fmt.Fprintf(w, `<text x="%d" y="%d" text-anchor="%s">%s</text>`+"\n", x, y, anchor, html.EscapeString(s))
	}
	across, up := p.scales()
	words(plotLeft, plotTop-15, "start", p.title+": "+p.up)
	words((plotLeft+plotRight)/2, plotBottom+38, "middle", p.across)
	for _, t := range across.ticks() {
		x := across.at(t)
		fmt.Fprintf(w, `<path d="M%.1f %dV%d" stroke="#ddd"/>`+"\n", x, plotTop, plotBottom)
		words(int(x), plotBottom+18, "middle", tick(t))
	}
	for _, t := range up.ticks() {
		y := up.at(t)
		fmt.Fprintf(w, `<path d="M%d %.1fH%d" stroke="#ddd"/>`+"\n", plotLeft, y, plotRight)
		words(plotLeft-8, int(y)+4, "end", tick(t))
	}
	for i, c := range p.curves {
		style := fmt.Sprintf(`stroke="%s" stroke-width="2" fill="none"`, colours[i%len(colours)])
		if c.peer {
			style += ` stroke-dasharray="6 4"`
		}
		path := ""
		for j, pt := range c.points {
			path += fmt.Sprintf("%c%.1f %.1f", "ML"[min(j, 1)], across.at(pt.x), up.at(pt.y))
			fmt.Fprintf(w, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", across.at(pt.x), up.at(pt.y), colours[i%len(colours)])
		}
		fmt.Fprintf(w, `<path d="%s" %s/>`+"\n", path, style)
		y := legendAbove + 18*i
		fmt.Fprintf(w, `<path d="M%d %dh24" %s/>`+"\n", legendLeft, y-4, style)
		words(legendLeft+32, y, "start", c.name)
	}
}

// scale puts values from low to high between two pixels, by their logarithms.
type scale struct{ low, high, first, last float64 }

func (p *plot) scales() (across, up scale) {
	across, up = scale{first: plotLeft, last: plotRight}, scale{first: plotBottom, last: plotTop}
	for _, c := range p.curves {
		for _, pt := range c.points {
			across.include(pt.x)
			up.include(pt.y)
		}
	}
	return across.whole(), up.whole()
}

func (s *scale) include(v float64) {
	if s.low == 0 || v < s.low {
		s.low = v
	}
	s.high = max(s.high, v)
}

// whole widens the scale to powers of ten.
func (s scale) whole() scale {
	s.low = math.Pow(10, math.Floor(math.Log10(s.low)))
	s.high = math.Pow(10, math.Ceil(math.Log10(s.high)))
	if s.low == s.high {
		s.high *= 10
	}
	return s
}

func (s scale) at(v float64) float64 {
	return s.first + (s.last-s.first)*math.Log(v/s.low)/math.Log(s.high/s.low)
}

// ticks are the powers of ten, and in between 2 and 5 times them if they are few.
func (s scale) ticks() (at []float64) {
	steps := []float64{1}
	if s.high/s.low <= 1000 {
		steps = []float64{1, 2, 5}
	}
	for t := s.low; t <= s.high*1.001; t *= 10 {
		for _, step := range steps {
			if t*step <= s.high*1.001 {
				at = append(at, t*step)
			}
		}
	}
	return at
}

// tick is a number in few letters.
func tick(v float64) string {
	switch {
	case v >= 1e9:
		return fmt.Sprintf("%gG", v/1e9)
	case v >= 1e6:
		return fmt.Sprintf("%gM", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%gk", v/1e3)
	}
	return fmt.Sprintf("%.3g", v)
}
