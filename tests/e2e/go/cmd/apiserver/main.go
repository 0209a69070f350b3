// Command apiserver is a kube-apiserver with its etcd in one process, for tests: loopback only, ports of the kernel's
// choice, RBAC on, all state under --dir. It prints "READY URL" when it serves, and ends on SIGTERM or, with
// --exit-on-stdin-eof, when the test run that holds its standard input is gone.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"

	genericapiserver "k8s.io/apiserver/pkg/server"
)

func main() {
	dir := flag.String("dir", "", "folder for all state and for NAME.kubeconfig of each account; must exist")
	users := flag.String("users", "", "comma-separated accounts without any right, beside admin")
	stdin := flag.Bool("exit-on-stdin-eof", false, "end when standard input closes")
	flag.Parse()
	if err := run(*dir, strings.FieldsFunc(*users, func(r rune) bool { return r == ',' }), *stdin); err != nil {
		fmt.Fprintln(os.Stderr, "apiserver:", err)
		os.Exit(1)
	}
}

func run(dir string, users []string, stdin bool) error {
	if dir == "" {
		return errors.New("--dir is required")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	ctx := genericapiserver.SetupSignalContext()
	if stdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			genericapiserver.RequestShutdown()
		}()
	}
	etcd, err := startEtcd(filepath.Join(dir, "etcd"))
	if err != nil {
		return fmt.Errorf("etcd: %w", err)
	}
	defer etcd.Close()

	// Held from here on, so that no other process can take the port in between.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	accounts, err := newAccounts(users)
	if err != nil {
		return err
	}
	server := &apiServer{
		dir:      dir,
		url:      "https://" + listener.Addr().String(),
		etcdURL:  "http://" + etcd.Clients[0].Addr().String(),
		listener: listener,
		accounts: accounts,
	}
	return server.run(ctx)
}
