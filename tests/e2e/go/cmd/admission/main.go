// Command admission judges MachineSet files by machine-api-operator's own webhooks, without a cluster:
//
//	admission --cluster CLUSTER.yaml [--skip-default] [--old MACHINESET.yaml] MACHINESET.yaml...
//
// CLUSTER.yaml holds what the webhooks read of a cluster: Infrastructure, DNS and Secrets. Each file is judged as the
// creation of its MachineSet or, with --old, as the update of that one to it. One JSON object per file goes to standard output; the exit code is 0 when all are admitted, 1 when one is not, 2 on any failure.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/go-logr/logr"
	configv1 "github.com/openshift/api/config/v1"
	machinev1beta1 "github.com/openshift/api/machine/v1beta1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
	migratorscheme "sigs.k8s.io/kube-storage-version-migrator/pkg/clients/clientset/scheme"
	"sigs.k8s.io/yaml"
)

func main() {
	cluster := flag.String("cluster", "", "YAML documents that stand for the cluster")
	skipDefault := flag.Bool("skip-default", false, "validate the object as it is, without the operator's defaulting first")
	old := flag.String("old", "", "the MachineSet as it is before an update")
	flag.Parse()
	allowed, err := run(*cluster, *skipDefault, *old, flag.Args())
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "admission:", err)
		os.Exit(2)
	case !allowed:
		os.Exit(1)
	}
}

func run(clusterFile string, skipDefault bool, oldFile string, files []string) (bool, error) {
	ctrllog.SetLogger(logr.Discard())
	if err := registerTypes(); err != nil {
		return false, err
	}
	known, err := readCluster(clusterFile)
	if err != nil {
		return false, err
	}
	judge, err := newJudge(known, skipDefault)
	if err != nil {
		return false, err
	}
	var old []byte
	if oldFile != "" {
		if old, err = readObject(oldFile); err != nil {
			return false, err
		}
	}
	all := true
	out := json.NewEncoder(os.Stdout)
	for _, file := range files {
		object, err := readObject(file)
		if err != nil {
			return false, err
		}
		verdict, err := judge.review(old, object)
		if err != nil {
			return false, fmt.Errorf("%s: %w", file, err)
		}
		verdict.File = file
		all = all && verdict.Allowed
		if err := out.Encode(verdict); err != nil {
			return false, err
		}
	}
	return all, nil
}

func readObject(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	object, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return object, nil
}

// registerTypes fills both schemes: the operator decodes with the storage version migrator's, whose types its own
// main registers.
func registerTypes() error {
	for _, s := range []*runtime.Scheme{scheme.Scheme, migratorscheme.Scheme} {
		for _, add := range []func(*runtime.Scheme) error{machinev1beta1.Install, configv1.Install, corev1.AddToScheme} {
			if err := add(s); err != nil {
				return err
			}
		}
	}
	return nil
}
