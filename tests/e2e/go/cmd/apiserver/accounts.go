package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// account is one line of kube-apiserver's static token file.
type account struct{ name, group, token string }

// newAccounts returns the administrator first, then users without any right of their own.
func newAccounts(users []string) ([]account, error) {
	accounts := []account{{name: "admin", group: "system:masters", token: rand.Text()}}
	for _, user := range users {
		if user == "admin" {
			return nil, fmt.Errorf("--users: %q is the administrator's name", user)
		}
		accounts = append(accounts, account{name: user, group: "e2e", token: rand.Text()})
	}
	return accounts, nil
}

func writeTokens(path string, accounts []account) error {
	var lines strings.Builder
	for _, a := range accounts {
		fmt.Fprintf(&lines, "%s,%s,%s,%s\n", a.token, a.name, a.name, a.group)
	}
	return os.WriteFile(path, []byte(lines.String()), 0o600)
}

func writeKubeconfigs(dir, server string, ca []byte, accounts []account) error {
	for _, a := range accounts {
		config := clientcmdapi.NewConfig()
		config.Clusters["e2e"] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: ca}
		config.AuthInfos[a.name] = &clientcmdapi.AuthInfo{Token: a.token}
		config.Contexts["e2e"] = &clientcmdapi.Context{Cluster: "e2e", AuthInfo: a.name}
		config.CurrentContext = "e2e"
		if err := clientcmd.WriteToFile(*config, filepath.Join(dir, a.name+".kubeconfig")); err != nil {
			return err
		}
	}
	return nil
}
