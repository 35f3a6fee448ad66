package view

import (
	"embed"
	"encoding/json"
)

// dist is made from assets by `make generate` and committed.
//
//go:embed dist
var dist embed.FS

var manifest = func() map[string]struct{ File, Source string } {
	out := map[string]struct{ File, Source string }{}
	text, err := dist.ReadFile("dist/manifest.json")
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		panic(err)
	}
	return out
}()

// Asset is the address of a style sheet or script: its name changes with its
// content, so that browsers may keep it for ever.
func Asset(name string) string { return "/static/" + manifest[name].File }

// File is an asset's bytes, encoded as asked for: "", "br" or "gz".
func File(name, encoding string) ([]byte, error) {
	if encoding != "" {
		name += "." + encoding
	}
	return dist.ReadFile("dist/" + name)
}
