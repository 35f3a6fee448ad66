package store

import (
	"bytes"
	"encoding/binary"
)

// orientationOf reads from the beginning of a JPEG how the camera was held, 1 to 8
// as EXIF counts; 1, upright, for whatever does not say so. Nothing else that a
// camera writes is looked at.
func orientationOf(head []byte) int {
	if len(head) < 2 || head[0] != 0xFF || head[1] != 0xD8 {
		return 1
	}
	for p := head[2:]; len(p) >= 4 && p[0] == 0xFF; {
		marker := p[1]
		if marker == 0xFF { // fill
			p = p[1:]
			continue
		}
		if marker == 0xDA || marker == 0xD9 { // the picture itself
			return 1
		}
		size := int(binary.BigEndian.Uint16(p[2:])) // with its own two bytes
		if size < 2 || len(p) < 2+size {
			return 1
		}
		if tiff, ok := bytes.CutPrefix(p[4:2+size], []byte("Exif\x00\x00")); marker == 0xE1 && ok {
			return tiffOrientation(tiff)
		}
		p = p[2+size:]
	}
	return 1
}

// tiffOrientation looks for tag 0x0112 in the first directory.
func tiffOrientation(t []byte) int {
	if len(t) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(t[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := uint64(order.Uint32(t[4:]))
	if at+2 > uint64(len(t)) {
		return 1
	}
	entries := t[at+2:]
	for range order.Uint16(t[at:]) {
		if len(entries) < 12 {
			return 1
		}
		if order.Uint16(entries) == 0x0112 && order.Uint16(entries[2:]) == 3 { // a short
			if o := int(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
		entries = entries[12:]
	}
	return 1
}
