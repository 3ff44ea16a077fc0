package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestUpSSH: ssh from one host into another works once a rule lets it, and times out
// before. The session is on the other host.
func TestUpSSH(t *testing.T) {
	needs(t, "ssh", "ssh-keygen", "/usr/sbin/sshd")
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	for _, key := range []string{"host", "user"} {
		out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at(key)).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	require.NoError(t, os.WriteFile(at("known"), []byte("10.0.2.4 "+written(t, at("host.pub"))), 0o600))
	require.NoError(t, os.WriteFile(at("sshd"), []byte("UsePAM no\nStrictModes no\nPidFile none\nPermitRootLogin prohibit-password\n"+
		"HostKey "+at("host")+"\nAuthorizedKeysFile "+at("user.pub")+"\n"), 0o600))
	const separation = "/run/sshd" // sshd wants it
	if os.Mkdir(separation, 0o755) == nil {
		t.Cleanup(func() { assert.NoError(t, os.Remove(separation)) })
	}

	l := bring(t, "testdata/up/net.yaml")
	l.serve("app-1", "0016", "/usr/sbin/sshd -D -e -f "+at("sshd"))
	ssh := func(host, wait string) (int, string) {
		return l.run(host, "ssh -F none -i "+at("user")+" -o UserKnownHostsFile="+at("known")+" -o BatchMode=yes -o ConnectTimeout="+wait+
			` root@10.0.2.4 'hostname; echo $SSH_CONNECTION'`)
	}
	const refused = 255
	status, out := ssh("web-1", "1")
	assert.Equal(t, refused, status)
	assert.Contains(t, out, "Connection timed out")

	l.edit("tcp/8080 from web,", "tcp/22 from web, tcp/8080 from web,")
	l.wait("the rule to be in force", func() bool { return strings.Contains(l.out.String(), "in force") })
	status, out = ssh("web-1", "10")
	assert.Equal(t, 0, status, "%s", out)
	assert.Regexp(t, `^ip-10-0-2-4\n10\.0\.1\.4 \d+ 10\.0\.2\.4 22\n$`, out)
	status, out = ssh("db-1", "1")
	assert.Equal(t, refused, status)
	assert.Contains(t, out, "Connection timed out")
}
