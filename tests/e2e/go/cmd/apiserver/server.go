package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

type apiServer struct {
	dir, url, etcdURL string
	listener          net.Listener
	accounts          []account
}

// run serves until ctx ends.
func (s *apiServer) run(ctx context.Context) error {
	if err := writeTokens(s.path("tokens.csv"), s.accounts); err != nil {
		return err
	}
	if err := writeSigningKey(s.path("service-accounts.key")); err != nil {
		return err
	}
	opts, err := s.options()
	if err != nil {
		return err
	}
	completed, err := opts.Complete(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(completed.Validate()...); err != nil {
		return err
	}
	ca, err := os.ReadFile(s.path("pki", "apiserver.crt")) // self-signed by Complete
	if err != nil {
		return err
	}
	if err := writeKubeconfigs(s.dir, s.url, ca, s.accounts); err != nil {
		return err
	}
	go s.announce(ctx, ca)
	return app.Run(ctx, completed)
}

func (s *apiServer) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

func (s *apiServer) options() (*options.ServerRunOptions, error) {
	opts := options.NewServerRunOptions()
	opts.SecureServing.Listener = s.listener
	opts.SecureServing.BindPort = s.listener.Addr().(*net.TCPAddr).Port
	flags := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, set := range opts.Flags().FlagSets {
		flags.AddFlagSet(set)
	}
	key := s.path("service-accounts.key")
	err := flags.Parse([]string{
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none",
		"--cert-dir=" + s.path("pki"),
		"--etcd-servers=" + s.etcdURL,
		"--token-auth-file=" + s.path("tokens.csv"),
		"--authorization-mode=RBAC",
		"--service-account-issuer=" + s.url,
		"--service-account-key-file=" + key,
		"--service-account-signing-key-file=" + key,
		"--service-cluster-ip-range=10.0.0.0/24",
		"--disable-admission-plugins=ServiceAccount", // no controller makes the accounts that it waits for
		"--profiling=false",
	})
	if err != nil {
		return nil, err
	}
	if err := opts.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return nil, err
	}
	return opts, logsapi.ValidateAndApply(opts.Logs, nil)
}

// announce prints the READY line once /readyz says so.
func (s *apiServer) announce(ctx context.Context, ca []byte) {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	client := &http.Client{Timeout: 5 * time.Second, Transport: transport}
	defer transport.CloseIdleConnections()
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if s.ready(ctx, client) {
				fmt.Println("READY", s.url)
				return
			}
		}
	}
}

func (s *apiServer) ready(ctx context.Context, client *http.Client) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/readyz", nil)
	if err != nil {
		return false
	}
	request.Header.Set("Authorization", "Bearer "+s.accounts[0].token)
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode == http.StatusOK
}

func writeSigningKey(path string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return os.WriteFile(path, pem.EncodeToMemory(block), 0o600)
}
