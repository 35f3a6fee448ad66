// Command fangxin-oidc is a real OpenID provider for the tests: the example of
// zitadel/oidc with its two invented people. It prints its issuer, and ends when
// its input does.
package main

import (
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

// Its one argument is the address to which it sends people back.
func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	issuer := fmt.Sprintf("http://localhost:%d/", listener.Addr().(*net.TCPAddr).Port)
	client := storage.WebClient("fangxin", "a secret of the tests", os.Args[1])
	storage.RegisterClients(client)
	server := &http.Server{Handler: exampleop.SetupServer(issuer, storage.NewStorage(storage.NewUserStore(issuer)), slog.New(slog.DiscardHandler), false), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	fmt.Println(issuer)
	_, _ = io.Copy(io.Discard, os.Stdin)
}
