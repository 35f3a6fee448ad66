package register

import (
	"slices"
	"time"
)

// Patch states new values for some fields; nil leaves a field as it is.
type Patch struct {
	Code           *string `json:"code,omitempty"`
	Name           *string `json:"name,omitempty"`
	LegalName      *string `json:"legal_name,omitempty"`
	Kind           *string `json:"kind,omitempty"`
	Size           *string `json:"size,omitempty"`
	Domain         *int    `json:"domain,omitempty"`
	Town           *string `json:"town,omitempty"`
	LicenceAddress *string `json:"licence_address,omitempty"`
	ShopAddress    *string `json:"shop_address,omitempty"`
	ShownAddress   *string `json:"shown_address,omitempty"`
	Language       *string `json:"language,omitempty"`
	Shops          *[]Shop `json:"shops,omitempty"`
	Status         *Status `json:"status,omitempty"` // unverified, active, closed
}

// Apply states the patch's values of an entry.
func (p Patch) Apply(m *Merchant) {
	for i, v := range []*string{p.Code, p.Name, p.LegalName, p.Kind, p.Size, p.Town, p.LicenceAddress, p.ShopAddress, p.ShownAddress, p.Language} {
		if v != nil {
			*m.texts()[i].at = *v
		}
	}
	if p.Domain != nil {
		m.Domain = *p.Domain
	}
	if p.Shops != nil {
		m.Shops = slices.Clone(*p.Shops)
	}
	if p.Status != nil {
		m.Status = *p.Status
	}
}

// Rename gives an entry another name; the one it bore is kept with the instant
// until which it did.
func (m *Merchant) Rename(to Former) {
	m.Former = append(slices.Clone(m.Former), Former{m.Name, m.LegalName, to.Until})
	m.Name = to.Name
	if to.LegalName != "" {
		m.LegalName = to.LegalName
	}
}

// NameAt is the trade name that an entry bore at an instant.
func (m *Merchant) NameAt(at time.Time) string {
	for _, f := range m.Former {
		if at.Before(f.Until) {
			return f.Name
		}
	}
	return m.Name
}
