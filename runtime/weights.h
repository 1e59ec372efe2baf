/* nnc weights: begin */
/* ---- Weights beside the code: for files that define NNC_WEIGHTS_BESIDE ---------------------------------------------
 * What `nnc --weights-as=file` wrote, as it lies in memory: 64 bytes of head, tables each on a multiple of 64, a text
 * that says what they are, and a checksum of all that, XXH64 with seed 0 (the specification is
 * https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md). The head: the letters NNCWGTS and a line feed; in
 * the byte order of the machine that the file is for, the numbers 0x01020304 and 1, the format's version (32 bits
 * each), then of 64 bits the model's signature (the XXH64 of the text), the file's size, where the text begins, how
 * long it is, and 0. */
#if defined(NNC_WEIGHTS_BESIDE) && !defined(NNC_HAS_WEIGHTS_CHECK)
#define NNC_HAS_WEIGHTS_CHECK
NNC_FUNCTION uint64_t nnc_rotate(uint64_t x, int n) { return x << n | x >> (64 - n); }

/* XXH64 reads its input in little-endian order on every machine. */
NNC_FUNCTION uint64_t nnc_word(const unsigned char *p) {
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
           (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

/* Of a multiple of 32 bytes, at least 32: what a file has. */
NNC_FUNCTION uint64_t nnc_checksum(const unsigned char *p, size_t n) {
    const uint64_t p1 = UINT64_C(0x9e3779b185ebca87), p2 = UINT64_C(0xc2b2ae3d27d4eb4f),
                   p3 = UINT64_C(0x165667b19e3779f9), p4 = UINT64_C(0x85ebca77c2b2ae63);
    static const int turns[4] = {1, 7, 12, 18};
    uint64_t sums[4], h = 0;
    sums[0] = p1 + p2;
    sums[1] = p2;
    sums[2] = 0;
    sums[3] = 0 - p1;
    for (size_t i = 0; i < n; i += 32)
        for (int k = 0; k < 4; k++) sums[k] = nnc_rotate(sums[k] + nnc_word(p + i + 8 * k) * p2, 31) * p1;
    for (int k = 0; k < 4; k++) h += nnc_rotate(sums[k], turns[k]);
    for (int k = 0; k < 4; k++) h = (h ^ nnc_rotate(sums[k] * p2, 31) * p1) * p1 + p4;
    h += n;
    h = (h ^ h >> 33) * p2;
    h = (h ^ h >> 29) * p3;
    return h ^ h >> 32;
}

/* Whether these bytes are the weights of the model with this signature, in a file of this size: 0, or what is wrong,
 * counted from 1 as the statuses from NNC_ERR_WEIGHTS_ALIGNMENT on. (A standalone file has its statuses only further
 * down.) */
NNC_FUNCTION int nnc_weights_check(const void *data, size_t bytes, uint64_t signature, uint64_t size) {
    enum {
        NNC_WRONG_ALIGNMENT = 1, NNC_WRONG_MAGIC, NNC_WRONG_BYTE_ORDER, NNC_WRONG_VERSION, NNC_WRONG_MODEL,
        NNC_WRONG_SIZE, NNC_WRONG_CHECKSUM
    };
    const unsigned char *p = (const unsigned char *)data;
    uint32_t numbers[2];
    uint64_t head[2], sum;
    if (((uintptr_t)p & 63) != 0) return NNC_WRONG_ALIGNMENT;
    if (bytes < 72) return NNC_WRONG_SIZE;
    if (memcmp(p, "NNCWGTS\n", 8) != 0) return NNC_WRONG_MAGIC;
    memcpy(numbers, p + 8, sizeof numbers);
    memcpy(head, p + 16, sizeof head);
    if (numbers[0] == UINT32_C(0x04030201)) return NNC_WRONG_BYTE_ORDER;
    if (numbers[0] != UINT32_C(0x01020304)) return NNC_WRONG_MAGIC;
    if (numbers[1] != 1) return NNC_WRONG_VERSION;
    if (head[0] != signature) return NNC_WRONG_MODEL;
    if (head[1] != size || bytes != size) return NNC_WRONG_SIZE;
    memcpy(&sum, p + bytes - 8, sizeof sum);
    return nnc_checksum(p, bytes - 8) == sum ? 0 : NNC_WRONG_CHECKSUM;
}

#endif
/* nnc weights: end */
