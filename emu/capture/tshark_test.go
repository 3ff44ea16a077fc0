package capture_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu/capture"
)

// TestTshark: Wireshark's dissectors read packets, comments, interfaces, directions and
// times as they were written.
func TestTshark(t *testing.T) {
	path, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("TSHARK IS NOT INSTALLED: nobody but us has read what we write")
	}
	r := twoPackets(t, capture.Filter{})
	require.NoError(t, r.w.Close())
	file := filepath.Join(t.TempDir(), "out.pcapng")
	require.NoError(t, os.WriteFile(file, r.out.Bytes(), 0o600))
	cmd := exec.Command(path, "-n", "-r", file, "-T", "fields", "-E", "separator=|", "-e", "frame.time_epoch", "-e", "frame.interface_name",
		"-e", "frame.interface_description", "-e", "frame.packet_flags_direction", "-e", "ip.src", "-e", "tcp.dstport", "-e", "frame.comment", "-e", "ip.checksum.status")
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "LC_ALL=C")
	out, err := cmd.Output()
	require.NoError(t, err)
	got := strings.Split(strings.TrimSpace(string(out)), "\n")
	want := []string{
		"1700000000.123456789|app-1|subnet apps, VPC prod|0x00000002|10.0.1.10|5432|delivered to db-1",
		"1700000000.123456789|db-1|subnet data, VPC prod|0x00000001|10.0.1.10|5432|delivered to db-1",
		"1700000000.123457790|app-1|subnet apps, VPC prod|0x00000002|10.0.1.10|22|" + refusal,
		"1700000000.123457790|db-1 (dropped)|dropped on the way to or behind db-1; subnet data, VPC prod||10.0.1.10|22|" + refusal,
	}
	require.Len(t, got, len(want), "%s", out)
	for i := range want {
		assert.Equal(t, want[i], got[i][:min(len(got[i]), len(want[i]))])
	}
}
