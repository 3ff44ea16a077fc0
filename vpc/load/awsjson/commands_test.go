package awsjson

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestCommands: every kind that is read has a command that prints it, but for what
// only stored snapshots have and what is in other answers too.
func TestCommands(t *testing.T) {
	stored := map[string]bool{
		"TransitGatewayPropagations": true, "TransitGatewayStaticRoutes": true, "LoadBalancerListeners": true, "LoadBalancerAttributes": true,
		"TargetGroupAttributes": true, "LoadBalancerTargetHealth": true, "Instances": true,
	}
	for _, k := range handled {
		assert.NotEqual(t, stored[k.key], commands[k.key] != "", k.key)
	}
	seen := make(map[string]bool)
	for _, c := range Commands() {
		assert.False(t, seen[c.Args], c.Args)
		assert.Equal(t, c.Each == "", c.Flag == "", c.Args)
		seen[c.Args] = true
	}
	for key := range commands {
		assert.NotNil(t, kindOf(key), key)
	}
	for command := range perResource {
		assert.True(t, seen[command], command)
	}
	assert.True(t, seen["ec2 describe-vpcs"])
	assert.True(t, seen["elbv2 describe-target-group-attributes"])
}
