/* nnc vector4: begin */
#if !defined(NNC_HAS_VECTOR4)
#define NNC_HAS_VECTOR4
/* ---- Four floats: layer nnc_v4 -------------------------------------------------------------------------------------
 * Vector instructions and plain C do the same IEEE operations in the same order. Memory need only be aligned as a float
 * is. madd(a, b, c) = a*b + c rounds twice, like add(mul(a, b), c), except on 64-bit ARM: there, and in the wide layers
 * at the end of this file, it is one operation that rounds once, in every language mode.
 *     load(p), store(p, v)           4 floats
 *     load_n(p, n), store_n(p, v, n) the first n <= 4; the other lanes are loaded as 0, and nothing else is touched
 *     load_2(p)                      p[0], p[2], p[4], p[6]; touches nothing behind them
 *     columns_2(p, n, &a, &b)        of the first n <= 4 rows of two floats each, or of three: a is the first column,
 *     columns_3(p, n, &a, &b, &c)    with 0 behind its n floats
 *     split_2(v, w, &a, &b)          the same of rows in vectors, two or three
 *     split_3(v, w, x, &a, &b, &c)
 *     repeat_2(p, n, &v, &w)         each of the first n <= 4 floats two or three times, as rows of so many lie; 0
 *     repeat_3(p, n, &v, &w, &x)     behind them
 *     held(v)                        v, in a register: gcc would load it anew for each of two uses
 *     copy(to, from, n)              n >= 4 floats to other memory
 *     even(a, b), odd(a, b)          every other lane of a, from lane 0 or 1 on, then those of b
 *     zero(), splat(s), add, sub, mul, div, neg, madd, abs
 *     copysign(x, sign)              the magnitude of x with the sign bit of sign
 *     min(a, b), max(a, b)           a < b ? a : b and a > b ? a : b: if either is NaN, b (data on the right)
 *     clamp(x, lo, hi)               min(hi, max(lo, x)): a NaN in x stays, lo > hi gives hi
 *     if_negative(x, a, b)           a where the sign bit of x is set, else b
 *     nearest(x)                     x rounded to an integer, ties to even, |x| < 2^22 (a NaN gives anything)
 *     scale(x, n)                    x * 2^n, rounded once: 0.5 <= x <= 2, n an integer, |n| <= 250; -250 multiplies by
 *                                    0, as underflow takes some processors a hundred cycles
 *     mantissa(x, &e)                x / 2^e, which is at least 1 and less than 2; x positive, finite and no denormal
 *     sqrt(x)                        rounded correctly; NaN for a negative x
 *     if_nan(x, a, b)                a where x is NaN, else b
 *     maximum(a, b), minimum(a, b)   torch's: a NaN wins
 *     join(a, n, b)                  the first n <= 4 lanes of a, the others of b
 *     lane(v, i)                     the float in lane i, 0..3
 *     sum(v)                         (lane 0 + lane 2) + (lane 1 + lane 3): halves are added until one float is left
 *     sum4(a, b, c, d)               an nnc_v4 of the four vectors' sums
 *     sum8(a, b, ... h)              an nnc_v8 of eight; of the wide layers
 *     column_sums_2(v, w)            an nnc_v4 of what sum gives for each column of rows in vectors, two or three
 *     column_sums_3(v, w, x)
 *     largest(v), smallest(v)        of the lanes; a NaN wins
 *     transpose(&a, &b, &c, &d)      four rows become four columns; of four lanes only
 *     pack(to, width, from, stride, rows, columns)   to[j * width + i] = from[i * stride + j]
 *     gather(p, s, n), scatter(p, s, v, n)   the first n <= 4 lanes from and to p[0], p[s], p[2 * s] ...
 *     pow(a, b)                      powf's
 * A mask is a vector whose lanes have the sign bit set where it holds, and are 0 elsewhere: if_negative chooses by it.
 *     equal, not_equal, less, less_equal(a, b)   false where either is NaN; not_equal true
 *     mask_and, mask_or, mask_equal, mask_not_equal(m, n), mask_not(m)
 *     mask_load, mask_store, mask_load_n, mask_store_n, mask_gather, mask_scatter, mask_splat(i)   from and to int32_t:
 *                                    1 where it holds, else 0; any other number than 0 holds too where it is splat
 *     mask_ones(m)                   1.0f where it holds, else 0.0f */

#if defined(__PCC__) && !defined(NNC_ONE_LANE)
#error "pcc makes wrong code of vectors: use nnc --target=scalar"
#endif

#if defined(__aarch64__) && defined(__ARM_NEON) && defined(__GNUC__) && !defined(NNC_PLAIN_C) && !defined(_MSC_VER)
#define NNC_NEON 1
#include <arm_neon.h>
#endif
/* Helium, on Cortex-M: its floats are bit 1. */
#if defined(__ARM_FEATURE_MVE)
#define NNC_HELIUM (__ARM_FEATURE_MVE & 2)
#else
#define NNC_HELIUM 0
#endif
/* Where there are no registers for four floats, lanes written out are smaller and faster than gcc's vectors. */
#if (defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 5)) && !defined(NNC_PLAIN_C) && \
    (defined(__SSE__) || defined(__ARM_NEON) || defined(__ALTIVEC__) || defined(__wasm_simd128__) || NNC_HELIUM || \
     defined(__riscv_v))
#include "vector4_gnu.h"
#else /* plain C */
#include "vector4_plain.h"
#endif

NNC_INLINE nnc_v4 nnc_v4_zero(void) { return nnc_v4_splat(0.0f); }
NNC_INLINE void nnc_v4_transpose(nnc_v4 *a, nnc_v4 *b, nnc_v4 *c, nnc_v4 *d) {
#if defined(NNC_V4_SHUFFLE)
    const nnc_v4 ac = NNC_V4_SHUFFLE(*a, *c, 0, 4, 1, 5), ac2 = NNC_V4_SHUFFLE(*a, *c, 2, 6, 3, 7);
    const nnc_v4 bd = NNC_V4_SHUFFLE(*b, *d, 0, 4, 1, 5), bd2 = NNC_V4_SHUFFLE(*b, *d, 2, 6, 3, 7);
    *a = NNC_V4_SHUFFLE(ac, bd, 0, 4, 1, 5);
    *b = NNC_V4_SHUFFLE(ac, bd, 2, 6, 3, 7);
    *c = NNC_V4_SHUFFLE(ac2, bd2, 0, 4, 1, 5);
    *d = NNC_V4_SHUFFLE(ac2, bd2, 2, 6, 3, 7);
#else
    const nnc_v4 rows[4] = {*a, *b, *c, *d};
    nnc_v4 *const to[4] = {a, b, c, d};
    for (size_t i = 0; i < 4; i++)
        *to[i] = nnc_v4_of(nnc_v4_lane(rows[0], i), nnc_v4_lane(rows[1], i), nnc_v4_lane(rows[2], i),
                           nnc_v4_lane(rows[3], i));
#endif
}
/* (Not by memcpy: a vector that is read after its parts were written waits for them.) */
NNC_INLINE nnc_v4 nnc_v4_load_n(const float *p, size_t n) {
    return nnc_v4_of(n > 0 ? p[0] : 0.0f, n > 1 ? p[1] : 0.0f, n > 2 ? p[2] : 0.0f, n > 3 ? p[3] : 0.0f);
}
#if defined(NNC_V4_SHUFFLE)
NNC_INLINE nnc_v4 nnc_v4_load_2(const float *p) {
    const nnc_v4 low = nnc_v4_load(p), high = nnc_v4_load(p + 3);
    return NNC_V4_SHUFFLE(low, high, 0, 2, 5, 7);
}
NNC_INLINE nnc_v4 nnc_v4_even(nnc_v4 a, nnc_v4 b) { return NNC_V4_SHUFFLE(a, b, 0, 2, 4, 6); }
NNC_INLINE nnc_v4 nnc_v4_odd(nnc_v4 a, nnc_v4 b) { return NNC_V4_SHUFFLE(a, b, 1, 3, 5, 7); }
#else
NNC_INLINE nnc_v4 nnc_v4_load_2(const float *p) { return nnc_v4_of(p[0], p[2], p[4], p[6]); }
NNC_INLINE nnc_v4 nnc_v4_even(nnc_v4 a, nnc_v4 b) {
    return nnc_v4_of(nnc_v4_lane(a, 0), nnc_v4_lane(a, 2), nnc_v4_lane(b, 0), nnc_v4_lane(b, 2));
}
NNC_INLINE nnc_v4 nnc_v4_odd(nnc_v4 a, nnc_v4 b) {
    return nnc_v4_of(nnc_v4_lane(a, 1), nnc_v4_lane(a, 3), nnc_v4_lane(b, 1), nnc_v4_lane(b, 3));
}
#endif
NNC_INLINE nnc_v4 nnc_v4_held(nnc_v4 v) { return v; }
NNC_INLINE void nnc_v4_store_n(float *p, nnc_v4 v, size_t n) {
    if (n == 3) { /* which compilers copy by way of the stack */
        memcpy(p, &v, 2 * sizeof *p);
        p[2] = nnc_v4_lane(v, 2);
    } else {
        memcpy(p, &v, n * sizeof *p);
    }
}
NNC_INLINE nnc_v4 nnc_v4_clamp(nnc_v4 x, nnc_v4 lo, nnc_v4 hi) { return nnc_v4_min(hi, nnc_v4_max(lo, x)); }
NNC_INLINE float nnc_v4_sum(nnc_v4 v) {
    return (nnc_v4_lane(v, 0) + nnc_v4_lane(v, 2)) + (nnc_v4_lane(v, 1) + nnc_v4_lane(v, 3));
}
NNC_INLINE nnc_v4 nnc_v4_sum4(nnc_v4 a, nnc_v4 b, nnc_v4 c, nnc_v4 d) {
    nnc_v4_transpose(&a, &b, &c, &d);
    return nnc_v4_add(nnc_v4_add(a, c), nnc_v4_add(b, d));
}

/* p[at] and on, of `all` floats at p. */
#define NNC_DEFINE_PART(INLINE, V, LANES)                                                                 \
    INLINE V V##_part(const float *p, size_t at, size_t all) {                                            \
        if (all >= at + LANES)                                                                            \
            return V##_load(p + at);                                                                      \
        return all > at ? V##_load_n(p + at, all - at) : V##_zero();                                      \
    }
NNC_DEFINE_PART(NNC_INLINE, nnc_v4, 4)
NNC_INLINE void nnc_v4_split_2(nnc_v4 low, nnc_v4 high, nnc_v4 *a, nnc_v4 *b) {
#if defined(NNC_V4_SHUFFLE)
    *a = NNC_V4_SHUFFLE(low, high, 0, 2, 4, 6);
    *b = NNC_V4_SHUFFLE(low, high, 1, 3, 5, 7);
#else
    *a = nnc_v4_of(nnc_v4_lane(low, 0), nnc_v4_lane(low, 2), nnc_v4_lane(high, 0), nnc_v4_lane(high, 2));
    *b = nnc_v4_of(nnc_v4_lane(low, 1), nnc_v4_lane(low, 3), nnc_v4_lane(high, 1), nnc_v4_lane(high, 3));
#endif
}
NNC_INLINE void nnc_v4_split_3(nnc_v4 low, nnc_v4 middle, nnc_v4 high, nnc_v4 *a, nnc_v4 *b, nnc_v4 *c) {
#if defined(NNC_V4_SHUFFLE)
    const nnc_v4 to_2 = NNC_V4_SHUFFLE(low, middle, 1, 2, 4, 5), from_2 = NNC_V4_SHUFFLE(middle, high, 2, 3, 5, 6);
    *a = NNC_V4_SHUFFLE(low, from_2, 0, 3, 4, 6);
    *b = NNC_V4_SHUFFLE(to_2, from_2, 0, 2, 5, 7);
    *c = NNC_V4_SHUFFLE(to_2, high, 1, 3, 4, 7);
#else
    *a = nnc_v4_of(nnc_v4_lane(low, 0), nnc_v4_lane(low, 3), nnc_v4_lane(middle, 2), nnc_v4_lane(high, 1));
    *b = nnc_v4_of(nnc_v4_lane(low, 1), nnc_v4_lane(middle, 0), nnc_v4_lane(middle, 3), nnc_v4_lane(high, 2));
    *c = nnc_v4_of(nnc_v4_lane(low, 2), nnc_v4_lane(middle, 1), nnc_v4_lane(high, 0), nnc_v4_lane(high, 3));
#endif
}
/* In lanes that are no column's stand other columns'. */
NNC_INLINE nnc_v4 nnc_v4_column_sums_2(nnc_v4 low, nnc_v4 high) {
    const nnc_v4 rows = nnc_v4_add(low, high); /* two are left */
#if defined(NNC_V4_SHUFFLE)
    return nnc_v4_add(rows, NNC_V4_SHUFFLE(rows, rows, 2, 3, 2, 3));
#else
    const float a = nnc_v4_lane(rows, 0) + nnc_v4_lane(rows, 2), b = nnc_v4_lane(rows, 1) + nnc_v4_lane(rows, 3);
    return nnc_v4_of(a, b, a, b);
#endif
}
#if defined(NNC_V4_SHUFFLE)
NNC_INLINE nnc_v4 nnc_v4_column_sums_3(nnc_v4 low, nnc_v4 middle, nnc_v4 high) {
    const nnc_v4 first = nnc_v4_add(low, NNC_V4_SHUFFLE(middle, high, 2, 3, 4, 5));
    const nnc_v4 rest = nnc_v4_add(middle, NNC_V4_SHUFFLE(high, high, 2, 3, 2, 3)); /* of two rows lanes 4 and 5 */
    return nnc_v4_add(first, NNC_V4_SHUFFLE(NNC_V4_SHUFFLE(first, rest, 3, 3, 4, 5), rest, 0, 2, 3, 3));
}
#else
NNC_INLINE nnc_v4 nnc_v4_column_sums_3(nnc_v4 low, nnc_v4 middle, nnc_v4 high) {
    nnc_v4 a, b, c;
    nnc_v4_split_3(low, middle, high, &a, &b, &c);
    return nnc_v4_sum4(a, b, c, c);
}
#endif
#if defined(NNC_V4_SHUFFLE)
#define NNC_V4_REPEAT(v, i, j, k, l) NNC_V4_SHUFFLE(v, v, i, j, k, l)
#else
#define NNC_V4_REPEAT(v, i, j, k, l) \
    nnc_v4_of(nnc_v4_lane(v, i), nnc_v4_lane(v, j), nnc_v4_lane(v, k), nnc_v4_lane(v, l))
#endif
NNC_INLINE void nnc_v4_repeat_2(const float *p, size_t n, nnc_v4 *low, nnc_v4 *high) {
    const nnc_v4 v = nnc_v4_part(p, 0, n);
    *low = NNC_V4_REPEAT(v, 0, 0, 1, 1);
    *high = NNC_V4_REPEAT(v, 2, 2, 3, 3);
}
NNC_INLINE void nnc_v4_repeat_3(const float *p, size_t n, nnc_v4 *low, nnc_v4 *middle, nnc_v4 *high) {
    const nnc_v4 v = nnc_v4_part(p, 0, n);
    *low = NNC_V4_REPEAT(v, 0, 0, 0, 1);
    *middle = NNC_V4_REPEAT(v, 1, 1, 2, 2);
    *high = NNC_V4_REPEAT(v, 2, 3, 3, 3);
}
NNC_INLINE nnc_v4 nnc_v4_gather_all(const float *p, size_t s) { return nnc_v4_of(p[0], p[s], p[2 * s], p[3 * s]); }

/* What is the same in every layer. */
#define NNC_DEFINE_COMMON(INLINE, V, LANES)                                                               \
    INLINE void V##_columns_2(const float *p, size_t n, V *a, V *b) {                                     \
        V##_split_2(V##_part(p, 0, 2 * n), V##_part(p, LANES, 2 * n), a, b);                              \
    }                                                                                                     \
    INLINE void V##_columns_3(const float *p, size_t n, V *a, V *b, V *c) {                               \
        V##_split_3(V##_part(p, 0, 3 * n), V##_part(p, LANES, 3 * n), V##_part(p, 2 * LANES, 3 * n),      \
                    a, b, c);                                                                             \
    }                                                                                                     \
    INLINE V V##_maximum(V a, V b) { return V##_if_nan(a, a, V##_max(a, b)); }                            \
    INLINE V V##_minimum(V a, V b) { return V##_if_nan(a, a, V##_min(a, b)); }                            \
    INLINE void V##_copy(float *to, const float *from, size_t n) {                                        \
        size_t i;                                                                                         \
        for (i = 0; i + LANES < n; i += LANES)                                                            \
            V##_store(to + i, V##_load(from + i));                                                        \
        V##_store(to + n - LANES, V##_load(from + n - LANES));                                            \
    }                                                                                                     \
    INLINE V V##_gather(const float *p, size_t stride, size_t n) {                                        \
        float lane[LANES] = {0.0f};                                                                       \
        size_t i;                                                                                         \
        if (n == LANES)                                                                                   \
            return V##_gather_all(p, stride);                                                             \
        for (i = 0; i < n; i++)                                                                           \
            lane[i] = p[i * stride];                                                                      \
        return V##_load(lane);                                                                            \
    }                                                                                                     \
    INLINE void V##_scatter(float *p, size_t stride, V v, size_t n) {                                     \
        float lane[LANES];                                                                                \
        size_t i;                                                                                         \
        V##_store(lane, v);                                                                               \
        for (i = 0; i < n; i++)                                                                           \
            p[i * stride] = lane[i];                                                                      \
    }                                                                                                     \
    INLINE V V##_pow(V a, V b) {                                                                          \
        float base[LANES], exponent[LANES];                                                               \
        size_t i;                                                                                         \
        V##_store(base, a);                                                                               \
        V##_store(exponent, b);                                                                           \
        for (i = 0; i < LANES; i++)                                                                       \
            base[i] = powf(base[i], exponent[i]);                                                         \
        return V##_load(base);                                                                            \
    }

NNC_DEFINE_COMMON(NNC_INLINE, nnc_v4, 4)
NNC_INLINE void nnc_v4_turn(const float *p, size_t stride, nnc_v4 *a, nnc_v4 *b, nnc_v4 *c, nnc_v4 *d) {
    *a = nnc_v4_load(p), *b = nnc_v4_load(p + stride);
    *c = nnc_v4_load(p + 2 * stride), *d = nnc_v4_load(p + 3 * stride);
    nnc_v4_transpose(a, b, c, d);
}
/* Few rows one after the other. */
NNC_INLINE void nnc_v1_pack(float *to, size_t width, const float *from, size_t stride, size_t rows, size_t columns) {
    size_t i, j;
    for (i = 0; i < rows; i++)
        for (j = 0; j < columns; j++)
            to[j * width + i] = from[i * stride + j];
}
/* So many rows at a time as a vector has lanes, four of their columns at a time; what is left is taken with some of
 * those before again. */
#define NNC_DEFINE_PACK(INLINE, V, LANES, FEWER)                                                          \
    INLINE void V##_pack_lanes(float *to, size_t width, const float *from, size_t stride, size_t columns) { \
        V a, b, c, d;                                                                                     \
        size_t j;                                                                                         \
        for (j = 0; j + 4 <= columns; j += 4) {                                                           \
            V##_turn(from + j, stride, &a, &b, &c, &d);                                                   \
            V##_store(to + j * width, a);                                                                 \
            V##_store(to + (j + 1) * width, b);                                                           \
            V##_store(to + (j + 2) * width, c);                                                           \
            V##_store(to + (j + 3) * width, d);                                                           \
        }                                                                                                 \
        if (j == columns)                                                                                 \
            return;                                                                                       \
        if (columns > 4) {                                                                                \
            V##_turn(from + columns - 4, stride, &a, &b, &c, &d);                                         \
            if (columns - j > 2)                                                                          \
                V##_store(to + (columns - 3) * width, b);                                                 \
            if (columns - j > 1)                                                                          \
                V##_store(to + (columns - 2) * width, c);                                                 \
            V##_store(to + (columns - 1) * width, d);                                                     \
        } else if (columns == 2 && stride == 2) {                                                         \
            V##_columns_2(from, LANES, &a, &b);                                                           \
            V##_store(to, a);                                                                             \
            V##_store(to + width, b);                                                                     \
        } else if (columns == 3 && stride == 3) {                                                         \
            V##_columns_3(from, LANES, &a, &b, &c);                                                       \
            V##_store(to, a);                                                                             \
            V##_store(to + width, b);                                                                     \
            V##_store(to + 2 * width, c);                                                                 \
        } else {                                                                                          \
            for (j = 0; j < columns; j++)                                                                 \
                V##_store(to + j * width, V##_gather_all(from + j, stride));                              \
        }                                                                                                 \
    }                                                                                                     \
    INLINE void V##_pack(float *to, size_t width, const float *from, size_t stride, size_t rows,          \
                         size_t columns) {                                                                \
        size_t i, at;                                                                                     \
        for (i = 0; rows >= LANES && i + LANES / 4 < rows; i += LANES) {                                  \
            at = i + LANES <= rows ? i : rows - LANES;                                                    \
            V##_pack_lanes(to + at, width, from + at * stride, stride, columns);                            \
        }                                                                                                 \
        if (i < rows)                                                                                     \
            FEWER(to + i, width, from + i * stride, stride, rows - i, columns);                           \
    }
NNC_DEFINE_PACK(NNC_INLINE, nnc_v4, 4, nnc_v1_pack)
NNC_INLINE float nnc_v4_largest(nnc_v4 v) {
    return nnc_maxf(nnc_maxf(nnc_v4_lane(v, 0), nnc_v4_lane(v, 2)), nnc_maxf(nnc_v4_lane(v, 1), nnc_v4_lane(v, 3)));
}
NNC_INLINE float nnc_v4_smallest(nnc_v4 v) {
    return nnc_minf(nnc_minf(nnc_v4_lane(v, 0), nnc_v4_lane(v, 2)), nnc_minf(nnc_v4_lane(v, 1), nnc_v4_lane(v, 3)));
}
#endif
/* nnc vector4: end */
