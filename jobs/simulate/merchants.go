package simulate

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"

	"fangxin/store"
	"fangxin/workflow/register"
)

// The names of invented merchants: a sign of two or three lucky characters, a
// trade, and for a company its form. None is taken from anywhere.
var (
	lucky = []rune("安百邦宝昌诚春聪德鼎东方丰福富海浩和恒弘鸿华汇嘉佳建金锦景九聚君康乐利联良龙隆茂美明宁鹏平齐启青庆仁荣瑞润善尚盛胜世顺泰天通同旺祥欣新信兴星雅阳逸银永友裕源悦云泽展正中众卓")
	kinds = []trade{
		{"超市", 1}, {"便利店", 1}, {"百货", 1}, {"家电商行", 1}, {"服装店", 1}, {"鞋城", 1}, {"家具城", 1}, {"手机店", 1}, {"眼镜店", 1}, {"母婴生活馆", 1},
		{"餐馆", 2}, {"火锅店", 2}, {"烧烤", 2}, {"面馆", 2}, {"烘焙坊", 2}, {"水果店", 2}, {"羊汤馆", 2}, {"茶行", 2}, {"物业服务", 3}, {"装饰装修", 3},
		{"汽修厂", 4}, {"驾驶学校", 4}, {"汽车销售", 4}, {"电动车行", 4}, {"旅行社", 5}, {"宾馆", 5}, {"采摘园", 5}, {"大药房", 6}, {"口腔门诊", 6}, {"体检中心", 6},
		{"培训学校", 7}, {"琴行", 7}, {"幼儿园", 7}, {"通讯", 8}, {"宽带服务", 8}, {"快递服务", 9}, {"物流", 9}, {"健身中心", 10}, {"影城", 10}, {"书店", 10},
		{"燃气", 11}, {"热力", 11}, {"水务", 11}, {"保险代理", 12}, {"典当行", 12}, {"理发店", 1}, {"美容会所", 1}, {"洗衣店", 1}, {"照相馆", 1}, {"花店", 1},
	}
	streets   = []string{"中心大街", "东岳路", "渔洋街", "建设街", "公园路", "柳泉路", "团结路", "兴桓路", "镇南大街", "工业路"}
	platforms = []string{"甲购", "乙淘", "丙送"}
)

type trade struct {
	name   string
	domain int
}

// Town is a place where merchants are.
type Town struct{ Code, Name string }

// Merchants invents a county's merchants one by one: the same seed, the same
// merchants. Of a hundred about five have no credit code and one a wrong one, as
// registers do.
func Merchants(seed uint64, n int, county string, towns []Town) func(yield func(store.StatedMerchant) bool) {
	return func(yield func(store.StatedMerchant) bool) {
		random := rand.New(rand.NewPCG(seed, 11)) //nolint:gosec // invented, and the same again
		for i := range n {
			if !yield(invented(random, i, county, towns)) {
				return
			}
		}
	}
}

func invented(random *rand.Rand, i int, county string, towns []Town) store.StatedMerchant {
	sign := string(lucky[random.IntN(len(lucky))]) + string(lucky[random.IntN(len(lucky))])
	if random.IntN(3) > 0 {
		sign += string(lucky[random.IntN(len(lucky))])
	}
	k, town := kinds[random.IntN(len(kinds))], towns[random.IntN(len(towns))]
	address := fmt.Sprintf("%s%s%d号", town.Name, streets[random.IntN(len(streets))], 1+random.IntN(400))
	d := register.Details{Name: sign + k.name, LegalName: county + sign + k.name, Kind: "sole_trader", Size: "micro", Domain: k.domain, Town: town.Code, ShopAddress: address, LicenceAddress: address}
	if random.IntN(3) == 0 {
		d.LegalName, d.Kind, d.Size = county+sign+k.name+"有限公司", "company", register.Sizes[random.IntN(3)]
	}
	if random.IntN(12) == 0 {
		d.ShownAddress = address
		d.Shops = []register.Shop{{Platform: platforms[random.IntN(len(platforms))], Name: sign + k.name + "网店"}}
	}
	switch dice := random.IntN(100); {
	case dice < 5: // none
	case dice < 6:
		code := []byte(creditCode(random, d.Kind, i))
		code[17] = "0123456789"[(int(code[17])+1+random.IntN(5))%10]
		d.Code = string(code)
	default:
		d.Code = creditCode(random, d.Kind, i)
	}
	contact := store.NewContact{Kind: "phone", Value: fmt.Sprintf("139%08d", random.IntN(100000000))}
	return store.StatedMerchant{Details: d, Contacts: []store.NewContact{contact}, Digest: sha256.Sum256(fmt.Append(nil, i, d))}
}

// creditCode invents a code with the right check character; i makes it the only
// one of its kind.
func creditCode(random *rand.Rand, kind string, i int) string {
	head := map[string]string{"company": "91", "sole_trader": "92"}[kind] + "370321MA"
	serial, rest := []byte("0000000"), i*len(creditDigits)+random.IntN(len(creditDigits))
	for at := len(serial) - 1; at >= 0; at-- {
		serial[at], rest = creditDigits[rest%len(creditDigits)], rest/len(creditDigits)
	}
	body := head + string(serial)
	for _, c := range creditDigits {
		if register.ValidCode(body + string(c)) {
			return body + string(c)
		}
	}
	panic("no check character fits " + body)
}

// creditDigits are the characters of credit codes (GB 32100-2015).
const creditDigits = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// populationLot is how many invented merchants come in at once.
const populationLot = 500

// populate brings n invented merchants into the register of an empty county and
// keeps them for its complaints.
func (sim *simulation) populate(n int) error {
	county := sim.law().County()
	var towns []Town
	for _, t := range county.Towns {
		towns = append(towns, Town{t.Code, t.Zh})
	}
	var lot []store.StatedMerchant
	take := func() error {
		_, err := sim.s.TakeMerchants(sim.ctx, store.By{Actor: "simulate", Why: "invented"}, lot)
		lot = lot[:0]
		return err
	}
	for m := range Merchants(sim.plan.Seed, n, county.Zh, towns) {
		lot, sim.merchants = append(lot, m), append(sim.merchants, m.Details)
		if len(lot) == populationLot {
			if err := take(); err != nil {
				return err
			}
		}
	}
	return take()
}

// Settle brings everything that is derived from the log up to it: boards, and the
// respondents in the register.
func Settle(ctx context.Context, s *store.Store) error {
	for _, work := range []func(context.Context, int) (int, error){s.Board, s.MatchRespondents} {
		for {
			n, err := work(ctx, 200)
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
		}
	}
	return nil
}
