package main

import (
	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

const schemaHelp = `Schema prints the JSON schema of the YAML network file, with which editors
complete keys and mark mistakes. Editors with the YAML language server find it
through a comment at the top of the network file:

  # yaml-language-server: $schema=vpcemu.schema.json`

const schemaExamples = `  vpcemu schema > vpcemu.schema.json`

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "schema",
		Short:             "Print the JSON schema of the YAML network file",
		Long:              schemaHelp,
		Example:           schemaExamples,
		Args:              arguments(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write(yaml.Schema())
			return err
		},
	}
}
