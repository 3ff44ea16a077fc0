package yaml

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	goyaml "go.yaml.in/yaml/v4"
	"pgregory.net/rapid"
)

func compileSchema(t *testing.T) *jsonschema.Schema {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("schema.json", doc))
	s, err := c.Compile("schema.json")
	require.NoError(t, err)
	return s
}

// value is what an editor sees of a node: numbers and truth values as such.
func value(n *node) any {
	switch n = follow(n); n.Kind {
	case goyaml.DocumentNode:
		return value(n.Content[0])
	case goyaml.MappingNode:
		m := make(map[string]any)
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = value(n.Content[i+1])
		}
		return m
	case goyaml.SequenceNode:
		list := []any{}
		for _, c := range n.Content {
			list = append(list, value(c))
		}
		return list
	}
	if f, err := strconv.ParseFloat(n.Value, 64); err == nil && (n.Tag == "!!int" || n.Tag == "!!float") {
		return f
	}
	switch n.Tag {
	case "!!bool":
		return n.Value == "true"
	case "!!null":
		return nil
	}
	return n.Value
}

func conforms(s *jsonschema.Schema, text []byte) error {
	var n node
	if err := goyaml.Load(text, &n); err != nil {
		return err
	}
	return s.Validate(value(&n))
}

// TestSchemaKeys keeps the schema and the tables of keys from drifting apart.
func TestSchemaKeys(t *testing.T) {
	tables := map[string][]string{
		"": networkKeys.names(), "vpc": vpcKeys.names(), "subnet": subnetKeys.names(), "routeTable": tableKeys.names(),
		"route": routeFields.names(), "listedRoute": listedRouteKeys.names(), "internetGateway": internetGatewayKeys.names(),
		"attachment": attachmentKeys.names(), "transitTable": transitTableKeys.names(),
		"transitRoute": transitRouteKeys.names(), "listedTransitRoute": listedTransitKeys.names(),
		"natGateway": natGatewayKeys.names(), "gateway": gatewayKeys.names(), "vpnConnection": connectionKeys.names(), "virtualInterface": virtualInterfaceKeys.names(), "announcement": announcementKeys.names(), "networkACL": aclKeys.names(), "securityGroup": groupKeys.names(),
		"ingressEntry": entryKeys.names(), "egressEntry": entryKeys.names(), "ingressRule": ruleKeys.names(), "egressRule": ruleKeys.names(),
		"instance": instanceKeys.names(), "interface": interfaceKeys.names(), "inlineInterface": inlineKeys.names(),
		"timeouts": timeoutKeys.names(), "metadata": metadataKeys.names(), "address": fullAddressKeys.names(),
		"flowLog": flowLogKeys.names(), "prefixList": prefixListKeys.names(), "blockPublicAccess": blockKeys.names(),
		"loadBalancer": loadBalancerKeys.names(), "balancerNode": nodeKeys.names(), "listener": listenerKeys.names(),
		"targetGroup": targetGroupKeys.names(), "balancerTarget": balancerTargetKeys.names(), "expectation": claimKeys.names(),
	}
	var doc struct {
		Properties map[string]any
		Defs       map[string]struct {
			Properties map[string]any
			AnyOf      []struct{ Properties map[string]any }
		} `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(Schema(), &doc))
	require.ElementsMatch(t, tables[""], keysOf(doc.Properties))
	delete(tables, "")
	for name, def := range doc.Defs {
		props := keysOf(def.Properties)
		for _, alternative := range def.AnyOf {
			props = append(props, keysOf(alternative.Properties)...)
		}
		if len(props) > 0 {
			slices.Sort(props)
			require.ElementsMatch(t, tables[name], props, "%s", name)
			delete(tables, name)
		}
	}
	require.Empty(t, tables, "not in the schema")
}

func keysOf(m map[string]any) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}

// TestSchemaRefuses: keys that the loader does not know, editors underline too.
func TestSchemaRefuses(t *testing.T) {
	s := compileSchema(t)
	for _, c := range mistakes {
		if strings.Contains(c.want, "unknown key") || strings.Contains(c.want, "rules say") {
			require.Error(t, conforms(s, []byte(c.text)), c.name)
		}
	}
}

// TestSchemaRandom: whatever the writer writes is what editors accept.
func TestSchemaRandom(t *testing.T) {
	s := compileSchema(t)
	rapid.Check(t, func(rt *rapid.T) {
		text, err := Write(random{T: rt}.network())
		require.NoError(rt, err)
		require.NoError(rt, conforms(s, text), "%s", text)
	})
}
