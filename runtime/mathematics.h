/* nnc mathematics: begin */
#if !defined(NNC_HAS_MATHEMATICS)
#define NNC_HAS_MATHEMATICS
/* ---- More functions of one argument --------------------------------------------------------------------------------
 * What torch has besides; accuracy, infinities and NaN as above. */
#define NNC_DEFINE_SINES(INLINE, V, LANES)                                                                    \
    /* sin(r) for |r| <= 1.58, 6e-9, and its sign for an odd k; libm's below leaves no register as it was: sixteen \
     * lanes of each number would wait on the stack */                                                         \
    INLINE V V##_sin_of_rest(V r, V k) {                                                                      \
        static const float of_sin[] = {2.60380557e-06f, -0.000198087524f, 0.0083330553f, -0.166666597f, -8.0f}; \
        const float *c = of_sin;                                                                              \
        V u = V##_mul(r, r), half = V##_mul(V##_splat(0.5f), k), odd = V##_sub(half, V##_nearest(half)), p;   \
        if (LANES > 8)                                                                                        \
            NNC_ANEW(c);                                                                                      \
        p = V##_madd(V##_splat(c[0]), u, V##_splat(c[1]));                                                    \
        p = V##_madd(V##_madd(p, u, V##_splat(c[2])), u, V##_splat(c[3]));                                    \
        p = V##_madd(p, V##_mul(u, r), r);                                                                    \
        return V##_madd(V##_mul(V##_splat(c[4]), V##_mul(odd, odd)), p, p);                                   \
    }                                                                                                         \
    /* libm's, for the lanes that are too large for y */                                                      \
    INLINE V V##_sin_far(V x, V y) {                                                                          \
        float from[LANES], to[LANES];                                                                         \
        size_t i;                                                                                             \
        V##_store(from, x);                                                                                   \
        V##_store(to, y);                                                                                     \
        for (i = 0; i < LANES; i++)                                                                           \
            if (!(fabsf(from[i]) < 12000.0f))                                                                 \
                to[i] = sinf(from[i]);                                                                        \
        return V##_load(to);                                                                                  \
    }                                                                                                         \
    INLINE V V##_cos_far(V x, V y) {                                                                          \
        float from[LANES], to[LANES];                                                                         \
        size_t i;                                                                                             \
        V##_store(from, x);                                                                                   \
        V##_store(to, y);                                                                                     \
        for (i = 0; i < LANES; i++)                                                                           \
            if (!(fabsf(from[i]) < 12000.0f))                                                                 \
                to[i] = cosf(from[i]);                                                                        \
        return V##_load(to);                                                                                  \
    }

#define NNC_DEFINE_MATHEMATICS(INLINE, V)                                                                     \
    /* log1p(exp(x)) without overflow, and its negative for the other sign */                                 \
    INLINE V V##_logsigmoid(V x) {                                                                            \
        return V##_sub(V##_min(V##_zero(), x), V##_log1p_of(V##_exp(V##_neg(V##_abs(x)))));                   \
    }                                                                                                         \
    /* x tanh(log(1 + exp(x))), with e = exp(-|x|): x (1 + 2e) / (1 + 2e + 2e^2),                             \
     * below 0 x e (1 - e (1 + e) / (2 + 2e + e^2)) */                                                        \
    INLINE V V##_mish(V x) {                                                                                  \
        V k, a = V##_min(V##_splat(130.0f), V##_abs(x));                                                      \
        V q = V##_exp_parts(V##_neg(a), V##_zero(), &k), e = V##_scale(q, k);                                 \
        V up = V##_madd(V##_splat(2.0f), e, V##_splat(1.0f)), y = V##_mul(a, q);                              \
        V above = V##_div(V##_mul(x, up), V##_madd(V##_add(e, e), e, up));                                    \
        V part = V##_div(V##_madd(e, e, e), V##_madd(e, V##_add(V##_splat(2.0f), e), V##_splat(2.0f)));       \
        V below = V##_scale(V##_madd(V##_neg(y), part, y), k);                                                \
        above = V##_if_negative(V##_less(V##_splat(16.0f), x), x, above);                                     \
        return V##_if_negative(V##_less(V##_zero(), x), above, V##_gated(x, below));                          \
    }                                                                                                         \
    INLINE V V##_exp_minus_1(V x) { /* expm1 for all of float32; the sum of two halves does not overflow too soon */ \
        V a = V##_clamp(x, V##_splat(-30.0f), V##_splat(89.0f)), k = V##_nearest(V##_mul(a, V##_splat(1.44269502f))); \
        V half = V##_scale(V##_splat(0.5f), k), q = V##_exp_rest(V##_madd(k, V##_splat(-0.693145752f), a)), y; \
        q = V##_madd(V##_mul(k, V##_splat(-1.42860677e-06f)), V##_add(V##_splat(1.0f), q), q);                \
        y = V##_madd(half, q, V##_sub(half, V##_splat(0.5f)));                                                \
        return V##_if_negative(V##_less(V##_abs(x), V##_splat(1e-8f)), x, V##_add(y, y));                     \
    }                                                                                                         \
    INLINE V V##_celu(V x, float alpha) {                                                                     \
        V below = V##_mul(V##_splat(alpha), V##_exp_minus_1(V##_div(x, V##_splat(alpha))));                   \
        return V##_if_negative(V##_less(V##_zero(), x), x, below);                                            \
    }                                                                                                         \
    INLINE V V##_exp2(V x) {                                                                                  \
        V a = V##_clamp(x, V##_splat(-151.0f), V##_splat(129.0f)), k = V##_nearest(a), f = V##_sub(a, k);     \
        return V##_scale(V##_add(V##_splat(1.0f), V##_exp_rest(V##_mul(f, V##_splat(0.693147182f)))), k);     \
    }                                                                                                         \
    INLINE V V##_log2(V x) {                                                                                  \
        V e, t, tu, m = V##_log_split(x, &e), p = V##_log_series(m, &t, &tu);                                 \
        return V##_log_limits(x, V##_madd(V##_madd(tu, p, V##_add(t, t)), V##_splat(1.44269502f), e));        \
    }                                                                                                         \
    INLINE V V##_log10(V x) { /* 0.301025391 times e is exact */                                              \
        V e, t, tu, m = V##_log_split(x, &e), p = V##_log_series(m, &t, &tu);                                 \
        V y = V##_mul(e, V##_splat(4.60503907e-06f));                                                         \
        y = V##_madd(V##_madd(tu, p, V##_add(t, t)), V##_splat(0.434294492f), y);                             \
        return V##_log_limits(x, V##_madd(e, V##_splat(0.301025391f), y));                                    \
    }                                                                                                         \
    /* log(1 + x) = e log(2) + log(1 + f), f = (1 + x) / 2^e - 1, rounded once; from 2^30 on that of x + 1 */ \
    INLINE V V##_log1p(V x) {                                                                                 \
        V y = V##_add(x, V##_splat(1.0f)), e, t, tu, p, s, m = V##_log_split(y, &e);                          \
        s = V##_scale(V##_splat(1.0f), V##_neg(V##_min(V##_splat(30.0f), e)));                                \
        m = V##_if_negative(V##_less(V##_splat(29.0f), e), m, V##_madd(s, x, V##_sub(s, V##_splat(1.0f))));   \
        p = V##_log_series(m, &t, &tu);                                                                       \
        p = V##_madd(tu, p, V##_mul(e, V##_splat(1.42860677e-06f)));                                          \
        p = V##_madd(e, V##_splat(0.693145752f), V##_add(V##_add(t, t), p));                                  \
        return V##_if_negative(V##_less(V##_abs(x), V##_splat(1e-8f)), x, V##_log_limits(y, p));              \
    }                                                                                                         \
    /* -(t log x + (1 - t) log(1 - x)), the logarithms at least -100, as in torch */                         \
    INLINE V V##_bce(V x, V t) {                                                                              \
        V yes = V##_max(V##_splat(-100.0f), V##_log(x)), no = V##_log1p(V##_neg(x));                          \
        no = V##_mul(V##_sub(V##_splat(1.0f), t), V##_max(V##_splat(-100.0f), no));                           \
        return V##_neg(V##_madd(t, yes, no));                                                                 \
    }                                                                                                         \
    /* x - tanh(x): below 2 x^3 over a polynomial of x^2, 6e-9; + 0 as torch has no -0 here */                \
    INLINE V V##_tanhshrink(V x) {                                                                            \
        V a = V##_min(V##_splat(2.0f), V##_abs(x)), u = V##_mul(a, a), p;                                     \
        p = V##_madd(V##_splat(3.53327692e-07f), u, V##_splat(-1.12736943e-05f));                             \
        p = V##_madd(V##_madd(p, u, V##_splat(0.000252271973f)), u, V##_splat(-0.00571288541f));              \
        p = V##_madd(p, u, V##_splat(1.19999957f));                                                           \
        p = V##_div(V##_mul(x, u), V##_madd(p, u, V##_splat(3.0f)));                                          \
        p = V##_if_negative(V##_less(V##_abs(x), V##_splat(2.0f)), p, V##_sub(x, V##_tanh_by_exp(x)));        \
        return V##_add(p, V##_zero());                                                                        \
    }                                                                                                         \
    /* below 0.93 x + x times a polynomial of x^2, 5e-10; above 1 - exp(t times one of t), t = |x|, 3e-9 */   \
    INLINE V V##_erf(V x) {                                                                                   \
        V t = V##_min(V##_splat(4.0f), V##_abs(x)), u = V##_mul(x, x), p, q;                                  \
        p = V##_madd(V##_splat(8.31677462e-05f), u, V##_splat(-0.000813001243f));                             \
        p = V##_madd(V##_madd(p, u, V##_splat(0.00519990642f)), u, V##_splat(-0.0268589407f));                \
        p = V##_madd(V##_madd(p, u, V##_splat(0.112836875f)), u, V##_splat(-0.376126319f));                   \
        p = V##_madd(p, u, V##_splat(0.128379166f));                                                          \
        q = V##_madd(V##_madd(V##_splat(0.000213531835f), t, V##_splat(-0.0032113092f)), t, V##_splat(0.0228785854f)); \
        q = V##_madd(V##_madd(q, t, V##_splat(-0.105244622f)), t, V##_splat(-0.635730982f));                  \
        q = V##_madd(q, t, V##_splat(-1.12851071f));                                                          \
        q = V##_sub(V##_splat(1.0f), V##_exp(V##_mul(q, t)));                                                 \
        return V##_if_negative(V##_less(V##_abs(x), V##_splat(0.93f)), V##_madd(p, x, x), V##_copysign(q, x)); \
    }                                                                                                         \
    /* t + t times a polynomial of t^2, 4e-10, with t = |x|, or 1 / |x| where the result is pi / 2 less that */ \
    INLINE V V##_atan(V x) {                                                                                  \
        V a = V##_abs(x), large = V##_less(V##_splat(1.0f), a), u, p;                                         \
        V t = V##_if_negative(large, V##_div(V##_splat(1.0f), a), a);                                         \
        u = V##_mul(t, t);                                                                                    \
        p = V##_madd(V##_madd(V##_splat(0.00111378776f), u, V##_splat(-0.00731795095f)), u, V##_splat(0.022539854f)); \
        p = V##_madd(V##_madd(p, u, V##_splat(-0.0446899235f)), u, V##_splat(0.0674159527f));                 \
        p = V##_madd(V##_madd(p, u, V##_splat(-0.0881109089f)), u, V##_splat(0.110582232f));                  \
        p = V##_madd(V##_madd(p, u, V##_splat(-0.142798334f)), u, V##_splat(0.19999671f));                    \
        p = V##_mul(V##_madd(p, u, V##_splat(-0.333333284f)), V##_mul(t, u));                                 \
        a = V##_sub(V##_splat(1.57079637f), V##_add(V##_add(p, V##_splat(4.37113883e-08f)), t));              \
        return V##_copysign(V##_if_negative(large, a, V##_add(t, p)), x);                                     \
    }                                                                                                         \
    /* x - k pi: the first three parts of pi have 11 bits at most, so that k times them is exact for |k| < 2^12 */ \
    INLINE V V##_less_pi(V x, V k) {                                                                          \
        V low = V##_madd(k, V##_splat(-1.50990672e-07f), V##_mul(k, V##_splat(-5.12668814e-12f)));            \
        return V##_add(V##_madd(k, V##_splat(-0.000967502594f), V##_madd(k, V##_splat(-3.140625f), x)), low); \
    }                                                                                                         \
    INLINE float V##_farthest(V x) { return V##_largest(V##_if_nan(x, V##_zero(), V##_abs(x))); }             \
    INLINE V V##_sin(V x) {                                                                                   \
        V k = V##_nearest(V##_mul(x, V##_splat(0.318309873f))), y = V##_sin_of_rest(V##_less_pi(x, k), k);    \
        y = V##_if_negative(V##_less(V##_abs(x), V##_splat(0.0001f)), x, y);                                  \
        return V##_farthest(x) < 12000.0f ? y : V##_sin_far(x, y);                                            \
    }                                                                                                         \
    INLINE V V##_cos(V x) { /* sin(|x| + pi / 2) */                                                           \
        V a = V##_abs(x), k = V##_nearest(V##_madd(a, V##_splat(0.318309873f), V##_splat(0.5f)));             \
        V y = V##_sin_of_rest(V##_less_pi(a, V##_sub(k, V##_splat(0.5f))), k);                                \
        return V##_farthest(x) < 12000.0f ? y : V##_cos_far(x, y);                                            \
    }

NNC_INLINE float nnc_v1_largest(nnc_v1 v) { return v; }

NNC_DEFINE_SINES(NNC_FUNCTION, nnc_v1, 1)
NNC_DEFINE_MATHEMATICS(NNC_FUNCTION, nnc_v1)
#endif
/* nnc vector4: begin */
#if !defined(NNC_HAS_V4_MATHEMATICS)
#define NNC_HAS_V4_MATHEMATICS
NNC_DEFINE_SINES(NNC_INLINE, nnc_v4, 4)
NNC_DEFINE_MATHEMATICS(NNC_INLINE, nnc_v4)
#endif
/* nnc vector4: end */
/* nnc wide: begin */
#if defined(NNC_WIDE_LAYERS) && !defined(NNC_HAS_WIDE_MATHEMATICS)
#define NNC_HAS_WIDE_MATHEMATICS
NNC_DEFINE_SINES(NNC_INLINE_V8, nnc_v8, 8)
NNC_DEFINE_MATHEMATICS(NNC_INLINE_V8, nnc_v8)
NNC_DEFINE_SINES(NNC_INLINE_V16, nnc_v16, 16)
NNC_DEFINE_MATHEMATICS(NNC_INLINE_V16, nnc_v16)
#endif
/* nnc wide: end */
/* nnc mathematics: end */
