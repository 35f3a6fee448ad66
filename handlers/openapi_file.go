package handlers

import (
	"maps"
	"net/http"
	"strings"

	"fangxin/store"
)

// What the routes of files answer with in JSON.
func init() {
	maps.Copy(answers, map[string]any{"GET /api/v1/uploads/limits": uploadLimits{}, "POST /api/v1/uploads": waitingFile{}, "GET /api/v1/uploads": fileList{}, "DELETE /api/v1/uploads/{file}": nothing{},
		"GET " + casePath + "/files": fileList{}, "POST " + casePath + "/files": fileView{}, "DELETE " + casePath + "/files/{file}": nothing{}})
}

// delivers tells a route that answers with a file's bytes.
func delivers(r Route) bool { return r.Limit == Delivery }

// uploadForm is the form of a route that takes a file: the file comes last.
func uploadForm(lang string) object {
	return object{"type": "object", "additionalProperties": false, "required": []string{"file"}, "properties": object{
		"seen": object{"type": "string", "enum": []string{store.SeenByOwn, store.SeenByBoth, store.SeenByOfficers}, "description": say(lang, "field.seen", nil)},
		"file": object{"type": "string", "contentMediaType": "application/octet-stream", "description": say(lang, "field.file", nil)}}}
}

// deliveredAs are the kinds as which a route sends files: of a picture always the
// one that was made anew.
func deliveredAs(r Route) object {
	bytes := object{"schema": object{"type": "string", "contentMediaType": "application/octet-stream"}}
	out := object{"image/jpeg": bytes}
	if strings.HasSuffix(r.Path, "/thumbnail") {
		return out
	}
	for _, k := range store.FileKinds {
		if k.Group != store.GroupPicture {
			out[k.Media] = bytes
		}
	}
	return out
}

// fileStatuses are what a route of files may answer beside its success and what
// every route may.
func (r Route) fileStatuses() []int {
	var out []int
	if strings.HasPrefix(r.Path, casePath) { // the person may be erased
		out = append(out, http.StatusGone)
	}
	switch {
	case limits[r.Limit].Stream:
		out = append(out, http.StatusForbidden, http.StatusRequestTimeout, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
	case r.Method == http.MethodDelete && r.Who == Holder:
		out = append(out, http.StatusForbidden, http.StatusConflict)
	case r.Method == http.MethodDelete:
		out = append(out, http.StatusForbidden) // from another site
	case delivers(r):
		out = append(out, http.StatusConflict)
	}
	return out
}
