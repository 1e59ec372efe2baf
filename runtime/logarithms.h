/* nnc logarithms: begin */
#if !defined(NNC_HAS_LOGARITHMS)
#define NNC_HAS_LOGARITHMS
/* ---- Logarithms: V_log, and what it is made of ---------------------------------------------------------------------
 * Accurate as the functions below; of 0 it is -infinity, of negative numbers NaN. */
#define NNC_DEFINE_LOGARITHMS(INLINE, V)                                                                      \
    /* log(x) = e log(2) + log(1 + m), m from -0.293 to 0.414; log(1 + m) = 2t + t u p, t = m / (2 + m), u = t^2 */ \
    INLINE V V##_log_split(V x, V *exponent) {                                                                \
        V denormal = V##_sub(x, V##_splat(1.17549435e-38f)), e;                                               \
        V m = V##_mantissa(V##_abs(V##_if_negative(denormal, V##_mul(x, V##_splat(16777216.0f)), x)), &e);    \
        V high = V##_sub(V##_splat(1.41421354f), m);                                                          \
        e = V##_add(e, V##_if_negative(denormal, V##_splat(-24.0f), V##_zero()));                             \
        *exponent = V##_add(e, V##_if_negative(high, V##_splat(1.0f), V##_zero()));                           \
        return V##_sub(V##_mul(m, V##_if_negative(high, V##_splat(0.5f), V##_splat(1.0f))), V##_splat(1.0f)); \
    }                                                                                                         \
    INLINE V V##_log_series(V m, V *t, V *tu) { /* gives p */                                                 \
        V u, p;                                                                                               \
        *t = V##_div(m, V##_add(V##_splat(2.0f), m));                                                         \
        u = V##_mul(*t, *t);                                                                                  \
        *tu = V##_mul(*t, u);                                                                                 \
        p = V##_madd(V##_splat(0.29871735f), u, V##_splat(0.399775416f));                                     \
        return V##_madd(p, u, V##_splat(0.666667759f));                                                       \
    }                                                                                                         \
    INLINE V V##_log_limits(V x, V r) { /* r but for infinity, 0, negative numbers and NaN */                 \
        r = V##_if_negative(V##_sub(V##_splat(3.40282347e+38f), x), x, r);                                    \
        r = V##_if_negative(x, V##_splat(NAN), r);                                                            \
        r = V##_if_negative(V##_sub(V##_abs(x), V##_splat(1.40129846e-45f)), V##_splat(-INFINITY), r);        \
        return V##_if_nan(x, x, r);                                                                           \
    }                                                                                                         \
    INLINE V V##_log(V x) {                                                                                   \
        V e, t, tu, m = V##_log_split(x, &e), p = V##_log_series(m, &t, &tu);                                 \
        p = V##_madd(tu, p, V##_mul(e, V##_splat(1.42860677e-06f)));                                          \
        return V##_log_limits(x, V##_madd(e, V##_splat(0.693145752f), V##_add(V##_add(t, t), p)));            \
    }

NNC_DEFINE_LOGARITHMS(NNC_FUNCTION, nnc_v1)
#endif
/* nnc vector4: begin */
#if !defined(NNC_HAS_V4_LOGARITHMS)
#define NNC_HAS_V4_LOGARITHMS
NNC_DEFINE_LOGARITHMS(NNC_INLINE, nnc_v4)
#endif
/* nnc vector4: end */
/* nnc wide: begin */
#if defined(NNC_WIDE_LAYERS) && !defined(NNC_HAS_WIDE_LOGARITHMS)
#define NNC_HAS_WIDE_LOGARITHMS
NNC_DEFINE_LOGARITHMS(NNC_INLINE_V8, nnc_v8)
NNC_DEFINE_LOGARITHMS(NNC_INLINE_V16, nnc_v16)
#endif
/* nnc wide: end */
/* nnc logarithms: end */
