// Command assets makes what the pages' browsers load: each source minified, named
// by its content, and compressed beforehand. Its output is committed, so that
// building the server needs neither it nor its libraries.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/evanw/esbuild/pkg/api"
)

// made is one line of the manifest.
type made struct {
	File   string `json:"file"`
	Source string `json:"source"` // SHA-256 of the source
}

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	manifest := map[string]made{}
	sources, err := filepath.Glob(filepath.Join(from, "*.[cj]s*"))
	if err != nil {
		return err
	}
	for _, path := range sources {
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text, err := minify(path, source)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(text)
		ext := filepath.Ext(path)
		base := strings.TrimSuffix(filepath.Base(path), ext)
		name := base + "-" + hex.EncodeToString(sum[:6]) + ext
		if err := write(filepath.Join(to, name), text); err != nil {
			return err
		}
		of := sha256.Sum256(source)
		manifest[base+ext] = made{name, hex.EncodeToString(of[:])}
	}
	list, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, "manifest.json"), append(list, '\n'), 0o644)
}

func minify(path string, source []byte) ([]byte, error) {
	if strings.HasSuffix(path, ".min.js") {
		return source, nil
	}
	loader := api.LoaderCSS
	if strings.HasSuffix(path, ".js") {
		loader = api.LoaderJS
	}
	// An older target would rewrite light-dark() and layers.
	out := api.Transform(string(source), api.TransformOptions{Loader: loader, Target: api.ES2022, Charset: api.CharsetUTF8,
		MinifyWhitespace: true, MinifySyntax: true, MinifyIdentifiers: true, Sourcefile: path})
	if len(out.Errors) > 0 {
		return nil, fmt.Errorf("%s: %s", path, out.Errors[0].Text)
	}
	return out.Code, nil
}

func write(path string, text []byte) error {
	var br, gz bytes.Buffer
	b := brotli.NewWriterLevel(&br, brotli.BestCompression)
	if _, err := b.Write(text); err != nil {
		return err
	}
	if err := b.Close(); err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(&gz, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(text); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	for ext, data := range map[string][]byte{"": text, ".br": br.Bytes(), ".gz": gz.Bytes()} {
		if err := os.WriteFile(path+ext, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
