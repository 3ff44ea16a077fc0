package bench

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// Machine is where and when figures were measured.
type Machine struct {
	CPU        string `json:"cpu"`
	Cores      int    `json:"cores"`
	OS         string `json:"os"`
	Go         string `json:"go"`
	Date       string `json:"date"`
	LoadBefore string `json:"load_before"`
	LoadAfter  string `json:"load_after"`
}

// ThisMachine is the one that the program runs on, before it measures. [Machine.Measured]
// says that it has.
func ThisMachine() Machine {
	return Machine{
		CPU: processor(), Cores: runtime.NumCPU(),
		OS: strings.TrimSpace(runtime.GOOS + "/" + runtime.GOARCH + " " + firstLine("/proc/sys/kernel/osrelease")), Go: runtime.Version(),
		Date: time.Now().UTC().Format("2006-01-02 15:04 UTC"), LoadBefore: loadAverage(),
	}
}

// Measured notes the load at the end.
func (m *Machine) Measured() { m.LoadAfter = loadAverage() }

// String is the machine in one line.
func (m Machine) String() string {
	return fmt.Sprintf("%s, %d cores, %s, %s, %s, load %s before and %s after", m.CPU, m.Cores, m.OS, m.Go, m.Date, m.LoadBefore, m.LoadAfter)
}

// processor is its name, where /proc tells it.
func processor() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.SplitSeq(string(b), "\n") {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

// loadAverage is that of the last minute, where /proc tells it.
func loadAverage() string {
	if words := strings.Fields(firstLine("/proc/loadavg")); len(words) > 0 {
		return words[0]
	}
	return "unknown"
}

func firstLine(file string) string {
	b, _ := os.ReadFile(file)
	line, _, _ := strings.Cut(string(b), "\n")
	return line
}
