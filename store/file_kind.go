package store

import (
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// Groups of kinds: each has a limit of its own.
const (
	GroupPicture  = "picture"
	GroupDocument = "document"
	GroupSound    = "sound"
	GroupVideo    = "video"
)

// FileKind is a kind of file that is taken.
type FileKind struct {
	Name  string // jpeg, pdf, …: stable, in the log
	Group string
	Media string   // as which it is sent
	Ends  []string // of names, the first where a name has none of them
	like  []string // as which it is recognised
}

// FileKinds are all that are taken.
var FileKinds = []FileKind{
	{"jpeg", GroupPicture, "image/jpeg", []string{".jpg", ".jpeg"}, []string{"image/jpeg"}},
	{"png", GroupPicture, "image/png", []string{".png"}, []string{"image/png", "image/vnd.mozilla.apng"}},
	{"webp", GroupPicture, "image/webp", []string{".webp"}, []string{"image/webp"}},
	{"heic", GroupPicture, "image/heic", []string{".heic", ".heif"}, []string{"image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence"}},
	{"pdf", GroupDocument, "application/pdf", []string{".pdf"}, []string{"application/pdf"}},
	{"mp3", GroupSound, "audio/mpeg", []string{".mp3"}, []string{"audio/mpeg"}},
	{"m4a", GroupSound, "audio/mp4", []string{".m4a", ".mp4"}, []string{"audio/mp4", "audio/x-m4a"}},
	{"aac", GroupSound, "audio/aac", []string{".aac"}, []string{"audio/aac"}},
	{"amr", GroupSound, "audio/amr", []string{".amr"}, []string{"audio/amr"}},
	{"wav", GroupSound, "audio/wav", []string{".wav"}, []string{"audio/wav"}},
	{"ogg", GroupSound, "audio/ogg", []string{".ogg", ".oga", ".opus"}, []string{"audio/ogg", "application/ogg"}},
	{"mp4", GroupVideo, "video/mp4", []string{".mp4", ".m4v"}, []string{"video/mp4", "video/x-m4v"}},
	{"mov", GroupVideo, "video/quicktime", []string{".mov"}, []string{"video/quicktime"}},
	{"webm", GroupVideo, "video/webm", []string{".webm"}, []string{"video/webm"}},
	{"3gp", GroupVideo, "video/3gpp", []string{".3gp", ".3g2"}, []string{"video/3gpp", "video/3gpp2", "audio/3gpp", "audio/3gpp2"}},
}

// headSize is how much of a file's beginning tells what it is.
const headSize = 3072

// fileKindOf tells by its beginning what a file is. For what is not taken, family
// names what it is instead: page, drawing, office, archive, program, picture,
// text or other. A name or a claimed type has no say, and neither makes a file
// harmless: nothing of any kind is ever sent to be run or shown as a page.
func fileKindOf(head []byte) (k FileKind, family string, ok bool) {
	m := mimetype.Detect(head)
	for _, k := range FileKinds {
		if slices.ContainsFunc(k.like, m.Is) {
			return k, "", true
		}
	}
	return FileKind{}, familyOf(m), false
}

// FileKindOf finds a kind by its name.
func FileKindOf(name string) FileKind {
	i := slices.IndexFunc(FileKinds, func(k FileKind) bool { return k.Name == name })
	if i < 0 {
		return FileKind{Name: name, Media: "application/octet-stream", Ends: []string{".bin"}}
	}
	return FileKinds[i]
}

// families tell, by what a type's name holds, why a file is not taken.
var families = []struct{ family, holds string }{
	{"drawing", "svg"}, {"page", "html"}, {"page", "text/xml"}, {"page", "javascript"}, {"office", "officedocument"}, {"office", "opendocument"}, {"office", "msword"}, {"office", "ms-excel"},
	{"office", "ms-powerpoint"}, {"office", "ole-storage"}, {"office", "rtf"}, {"archive", "zip"}, {"archive", "rar"}, {"archive", "7z"}, {"archive", "tar"}, {"archive", "x-xz"}, {"archive", "zstd"},
	{"program", "executable"}, {"program", "x-elf"}, {"program", "x-mach"}, {"program", "portable"}, {"program", "x-sharedlib"}, {"program", "x-shellscript"}, {"program", "android"},
	{"program", "java"}, {"picture", "image/"}, {"text", "text/"},
}

func familyOf(m *mimetype.MIME) string {
	for at := m; at != nil; at = at.Parent() {
		for _, f := range families {
			if strings.Contains(at.String(), f.holds) {
				return f.family
			}
		}
	}
	return "other"
}

// FileFamilies are every name that fileKindOf may give to what is not taken.
func FileFamilies() []string {
	out := []string{"other"}
	for _, f := range families {
		out = append(out, f.family)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
