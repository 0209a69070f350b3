package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	configv1 "github.com/openshift/api/config/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

var plurals = map[string]string{"Infrastructure": "infrastructures", "DNS": "dnses"}

// cluster is what the webhooks may read.
type cluster struct {
	config  map[string]json.RawMessage // by path of config.openshift.io
	secrets []client.Object
}

func readCluster(file string) (*cluster, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	known := &cluster{config: map[string]json.RawMessage{}}
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return known, nil
		}
		if err == nil {
			err = known.add(document)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
}

func (c *cluster) add(document []byte) error {
	var meta metav1.PartialObjectMetadata
	if err := yaml.Unmarshal(document, &meta); err != nil {
		return err
	}
	if meta.Kind == "Secret" {
		secret := &corev1.Secret{}
		c.secrets = append(c.secrets, secret)
		return yaml.UnmarshalStrict(document, secret)
	}
	plural, ok := plurals[meta.Kind]
	if !ok {
		return fmt.Errorf("kind %q is not understood", meta.Kind)
	}
	object, err := yaml.YAMLToJSON(document)
	c.config[fmt.Sprintf("/apis/config.openshift.io/v1/%s/%s", plural, meta.Name)] = object
	return err
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if object, ok := c.config[r.URL.Path]; ok {
		_, _ = w.Write(object)
		return
	}
	w.WriteHeader(http.StatusNotFound)
	_ = json.NewEncoder(w).Encode(apierrors.NewNotFound(configv1.Resource("object"), r.URL.Path).Status())
}

// during runs do while the cluster's configuration is served at the address that KUBECONFIG names: the webhooks'
// constructors take no client.
func (c *cluster) during(do func() error) error {
	server := httptest.NewServer(c)
	defer server.Close()
	folder, err := os.MkdirTemp("", "admission")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	config := clientcmdapi.NewConfig()
	config.Clusters["e2e"] = &clientcmdapi.Cluster{Server: server.URL}
	config.Contexts["e2e"] = &clientcmdapi.Context{Cluster: "e2e"}
	config.CurrentContext = "e2e"
	path := filepath.Join(folder, "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return err
	}
	if err := os.Setenv("KUBECONFIG", path); err != nil {
		return err
	}
	return do()
}
