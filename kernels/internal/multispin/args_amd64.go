package multispin

//lint:file-ignore U1000 the assembly uses these names

import "unsafe"

// Layouts of a vector of eight words.
const (
	layoutWide         = iota // one site, eight of its words, each with its own couplings
	layoutShared              // the same, with one word of couplings a bond; zeros where there are none
	layoutPacked              // several sites of one colour with all their words and as many words of couplings
	layoutPackedFree          // the same without couplings
	layoutPackedShared        // the same with one word of couplings a bond
)

// A tally of eight planes has room for 42 vectors of at most six unsatisfied bonds a bit, or 85 of three; AVX2's of seven
// planes for 21 and 42.
const (
	tallyVectors  = 42
	bondVectors   = 85
	tallyVectors4 = 21
	bondVectors4  = 42
)

// Where a wide vector's neighbour along the row lies beyond the row's end and is turned.
const (
	turnRight = 1 + iota
	turnLeft
)

// A vector4 is a vector of AVX2.
type vector4 [4]uint64

// A step is a vector's place in its row, in bytes from the row's start. Assembly knows it by its fields.
type step struct {
	here, right, left   int // its words, and those of the neighbours along the row
	bond, bondLeft      int // the couplings to the right and those of the left neighbour, unless they lie like the spins
	turned              int // turnRight, turnLeft or neither; of packed layouts, not zero with strips
	sites               [8]uint64
	rightTurn, leftTurn [8]uint64 // turns of the neighbours to the right, with strips

	// Packed layouts take a vector from sixteen words, of which both colours' sites are pairs of Words: the lanes that hold the
	// sites to sweep, those that hold their neighbours, and the place of each word in the vector.
	pick, oppositePick [8]uint64
	spread             [2][8]uint64
	// Where the neighbours across the row's end, at other lanes, are taken from.
	rightFrom, leftFrom, bondLeftFrom int
	// Lanes to load of the sixteen words from here, right, left and of the eight from bond and bondLeft on, and lanes of the
	// picked vector that lie across the row's end.
	low, high, rightLow, rightHigh, leftLow, leftHigh uint8
	bondLanes, bondLeftLanes, rightWrap, leftWrap     uint8

	// The same for AVX2: masks in the order low, high, rightLow, rightHigh, leftLow, leftHigh, rightWrap, leftWrap, bondLanes,
	// bondLeftLanes; and halves of pick, oppositePick and spread, by 32-bit lanes.
	masks4 [10]vector4
	pick4  [6]vector4
}

// A planeArgs is the argument of all assembly: some rows of one plane. Assembly knows it by its fields.
type planeArgs struct {
	spin, up, down     unsafe.Pointer // the plane and its neighbours along z
	j0, j1, j2, j2down unsafe.Pointer // the plane's couplings along x, y, z, and those along z of the plane below
	row, jrow          int            // bytes from row to row
	y, yOther, yEnd    int            // every other row from y on, then every other row from yOther on
	ny, nx             int
	rowSite            uint64            // the first of the row being swept
	site, siteOther    uint64            // the first of row y and of row yOther
	colour             int               // x of the first site to sweep in row y, 0 or 1
	steps, stepsEnd    [2]unsafe.Pointer // of a row, by its first site
	end                unsafe.Pointer
	layout             int
	mask               uint8     // words of a wide vector
	bondPick           [8]uint64 // lanes picked from eight couplings of one word each
	m0, m1             uint64
	siteKey            uint64
	keys               [7][2]uint64
	tables, tablesEnd  unsafe.Pointer
	thresholds         unsafe.Pointer
	totals             unsafe.Pointer
	room               int
	eight              uint64       // which eight sites the words of the shared mode are for
	word               uint64       // the place of the site's among them
	words              [4][8]uint64 // random numbers of the shared mode

	// For AVX2, whose operands in memory are whole vectors.
	mask4      vector4
	m0x4, m1x4 vector4
	bits4      vector4 // 64
	keys4      [7][2]vector4
	scratch    [6]vector4

	_ [128]byte // workers' arguments lie side by side
}
