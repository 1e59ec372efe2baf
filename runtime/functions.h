/* nnc functions: begin */
#if !defined(NNC_HAS_FUNCTIONS)
#define NNC_HAS_FUNCTIONS
/* ---- Functions of one argument -------------------------------------------------------------------------------------
 * torch.nn.functional's (and Keras's hard_sigmoid, selu, silu, softsign) on a vector, with small relative errors over
 * all of float32: docs/accuracy.md has the table. Infinities are as in PyTorch, NaN gives NaN. V_exp is above; V_tanh
 * and V_sigmoid are the gates' own, V_tanh_by_exp and V_sigmoid_by_exp what torch.tanh and torch.sigmoid become. */

/* gelu is x * phi(x), phi(x) the normal distribution function, and phi(-a) = exp(-a^2 / 2) n / (sqrt(2 pi) a n + d), n
 * and d polynomials of a, minimax for 0 <= a <= 14.5, 1.5e-9; in this form the errors of n cancel where a is large. The
 * square of a has to be known to twice the precision: a = h + (a - h), h of 12 bits. */

/* V_exp_parts(a, b, &k) 2^k = exp(a + b), |k| <= 200, where a is a multiple of 2^-17 and b is small: not scaled yet, so
 * that a factor can be multiplied into denormal results. V_exp_parts_less_1 is what it gives - 1: y + y times that is
 * rounded less often than a product with V_exp_parts.
 * V_expm1(x) = exp(x) - 1 for x <= 80, and V_log1p_of(e) = log(1 + e) for 0 <= e <= 1. */
#define NNC_DEFINE_FUNCTIONS(INLINE, V)                                                                       \
    INLINE V V##_exp_rest(V f) { /* exp(f) - 1, |f| <= 0.347, as in V_exp */                                  \
        V q = V##_madd(V##_splat(0.00138144335f), f, V##_splat(0.00836879667f));                              \
        q = V##_madd(V##_madd(q, f, V##_splat(0.0416683964f)), f, V##_splat(0.166665196f));                   \
        return V##_madd(V##_madd(q, f, V##_splat(0.49999994f)), V##_mul(f, f), f);                            \
    }                                                                                                         \
    INLINE V V##_exp_reduced(V a, V b, V *k) { /* without the rest of ln 2 */                                 \
        *k = V##_nearest(V##_mul(V##_add(a, b), V##_splat(1.44269502f)));                                     \
        return V##_exp_rest(V##_add(V##_madd(*k, V##_splat(-0.693145752f), a), b));                           \
    }                                                                                                         \
    INLINE V V##_exp_parts(V a, V b, V *k) {                                                                  \
        V q = V##_add(V##_splat(1.0f), V##_exp_reduced(a, b, k));                                             \
        return V##_madd(V##_mul(*k, V##_splat(-1.42860677e-06f)), q, q);                                      \
    }                                                                                                         \
    INLINE V V##_exp_parts_less_1(V a, V b, V *k) {                                                           \
        V q = V##_exp_reduced(a, b, k);                                                                       \
        return V##_madd(V##_mul(*k, V##_splat(-1.42860677e-06f)), V##_add(V##_splat(1.0f), q), q);            \
    }                                                                                                         \
    INLINE V V##_expm1(V x) {                                                                                 \
        V a = V##_max(V##_splat(-30.0f), x), k = V##_nearest(V##_mul(a, V##_splat(1.44269502f)));             \
        V q = V##_exp_rest(V##_madd(k, V##_splat(-0.693145752f), a)), power = V##_scale(V##_splat(1.0f), k);  \
        q = V##_madd(V##_mul(k, V##_splat(-1.42860677e-06f)), V##_add(V##_splat(1.0f), q), q);                \
        return V##_madd(power, q, V##_sub(power, V##_splat(1.0f)));                                           \
    }                                                                                                         \
    INLINE V V##_log1p_of(V e) { /* 2 artanh(t), t = e / (2 + e) */                                           \
        V t = V##_div(e, V##_add(V##_splat(2.0f), e)), u = V##_mul(t, t);                                     \
        V p = V##_madd(V##_splat(0.280244708f), u, V##_splat(0.279991388f));                                  \
        p = V##_madd(V##_madd(p, u, V##_splat(0.400216997f)), u, V##_splat(0.666664124f));                    \
        return V##_madd(V##_mul(t, u), p, V##_add(t, t));                                                     \
    }                                                                                                         \
    /* relu(x) - g, g for |x|; -infinity gives NaN, as 0 * x does */                                          \
    INLINE V V##_gated(V x, V g) {                                                                            \
        return V##_madd(V##_min(V##_zero(), x), V##_zero(), V##_sub(V##_max(V##_zero(), x), g));              \
    }                                                                                                         \
    INLINE V V##_polynomial(V x, float a, float b, float c, float d) {                                        \
        return V##_madd(V##_madd(V##_madd(V##_splat(a), x, V##_splat(b)), x, V##_splat(c)), x, V##_splat(d)); \
    }                                                                                                         \
    INLINE V V##_tanh_by_exp(V x) { /* 9.01091385 is the first float whose tanh rounds to 1 */                \
        V a = V##_min(V##_splat(9.01091385f), V##_abs(x)), e = V##_expm1(V##_add(a, a));                      \
        V t = V##_div(e, V##_add(e, V##_splat(2.0f)));                                                        \
        return V##_copysign(V##_max(V##_mul(a, V##_splat(0.11097654f)), t), x);                               \
    }                                                                                                         \
    INLINE V V##_sigmoid_by_exp(V x) {                                                                        \
        V e = V##_exp(V##_neg(V##_abs(x)));                                                                   \
        return V##_div(V##_if_negative(x, e, V##_splat(1.0f)), V##_add(V##_splat(1.0f), e));                  \
    }                                                                                                         \
    INLINE V V##_silu(V x) {                                                                                  \
        V k, a = V##_min(V##_splat(130.0f), V##_abs(x)), q = V##_exp_parts(V##_neg(a), V##_zero(), &k);       \
        V e = V##_add(V##_splat(1.0f), V##_scale(q, k));                                                      \
        return V##_gated(x, V##_scale(V##_div(V##_mul(a, q), e), k));                                         \
    }                                                                                                         \
    INLINE V V##_gelu(V x) {                                                                                  \
        V k, y, q, a = V##_min(V##_splat(14.5f), V##_abs(x));                                                 \
        V h = V##_mul(V##_nearest(V##_mul(a, V##_splat(256.0f))), V##_splat(0.00390625f));                    \
        V half_h = V##_mul(V##_splat(-0.5f), h), half_sum = V##_madd(V##_splat(-0.5f), a, half_h);            \
        V n = V##_polynomial(a, 0.00125026249f, 0.0149485348f, 0.0855086297f, 0.283211172f);                  \
        V d = V##_polynomial(a, 0.00313425041f, 0.0374550149f, 0.208407626f, 0.630655229f);                   \
        n = V##_madd(V##_madd(n, a, V##_splat(0.543042421f)), V##_mul(a, a), V##_mul(V##_splat(0.5f), a));    \
        d = V##_add(V##_splat(1.0f), V##_madd(V##_splat(2.50662827f), n, V##_mul(d, a)));                     \
        q = V##_exp_parts_less_1(V##_mul(half_h, h), V##_mul(V##_sub(a, h), half_sum), &k);                   \
        y = V##_div(n, d);                                                                                    \
        return V##_gated(x, V##_scale(V##_madd(y, q, y), k));                                                 \
    }                                                                                                         \
    /* x / (1 + exp(-w)), w = x (1.59576912 + 0.0713548163 x^2), in two parts of which the first is exact: products of \
     * factors of 12 bits each */                                                                             \
    INLINE V V##_gelu_tanh(V x) {                                                                             \
        V k, q, e, a = V##_min(V##_splat(11.5f), V##_abs(x));                                                 \
        V h = V##_mul(V##_nearest(V##_mul(a, V##_splat(256.0f))), V##_splat(0.00390625f)), l = V##_sub(a, h); \
        V y = V##_mul(h, h), yh = V##_mul(V##_nearest(V##_mul(y, V##_splat(16.0f))), V##_splat(0.0625f));     \
        V yl = V##_madd(l, V##_add(a, h), V##_sub(y, yh));                                                    \
        V t = V##_madd(V##_splat(0.0713500977f), yh, V##_splat(1.59576988f));                                 \
        V tl = V##_madd(V##_splat(4.71861635e-06f), yh, V##_splat(-7.60596418e-07f));                         \
        V th = V##_mul(V##_nearest(V##_mul(t, V##_splat(256.0f))), V##_splat(0.00390625f));                   \
        V rest = V##_madd(V##_madd(V##_splat(0.0713548163f), yl, tl), a, V##_mul(h, V##_sub(t, th)));         \
        rest = V##_madd(l, t, rest);                                                                          \
        q = V##_exp_parts(V##_neg(V##_mul(h, th)), V##_neg(rest), &k);                                        \
        e = V##_add(V##_splat(1.0f), V##_scale(q, k));                                                        \
        return V##_gated(x, V##_scale(V##_div(V##_mul(a, q), e), k));                                         \
    }                                                                                                         \
    /* log(1 + exp(beta x)) / beta; x itself where beta x is above the threshold */                           \
    INLINE V V##_softplus(V x, float beta, float threshold) {                                                 \
        V s = V##_mul(V##_splat(beta), x), e = V##_exp(V##_neg(V##_abs(s)));                                  \
        V y = V##_div(V##_add(V##_max(V##_zero(), s), V##_log1p_of(e)), V##_splat(beta));                     \
        return V##_if_negative(V##_sub(V##_splat(threshold), s), x, y);                                       \
    }                                                                                                         \
    /* alpha * (exp(x) - 1) where x is negative; selu with its two constants */                               \
    INLINE V V##_elu(V x, float alpha) {                                                                      \
        return V##_madd(V##_splat(alpha), V##_expm1(V##_min(V##_zero(), x)), V##_max(V##_zero(), x));         \
    }                                                                                                         \
    INLINE V V##_selu(V x) {                                                                                  \
        V e = V##_mul(V##_splat(1.75809934f), V##_expm1(V##_min(V##_zero(), x)));                             \
        return V##_madd(V##_splat(1.05070098f), V##_max(V##_zero(), x), e);                                   \
    }

NNC_DEFINE_FUNCTIONS(NNC_FUNCTION, nnc_v1)
#endif
/* nnc vector4: begin */
#if !defined(NNC_HAS_V4_FUNCTIONS)
#define NNC_HAS_V4_FUNCTIONS
NNC_DEFINE_FUNCTIONS(NNC_INLINE, nnc_v4)
#endif
/* nnc vector4: end */
/* nnc wide: begin */
#if defined(NNC_WIDE_LAYERS) && !defined(NNC_HAS_WIDE_FUNCTIONS)
#define NNC_HAS_WIDE_FUNCTIONS
NNC_DEFINE_FUNCTIONS(NNC_INLINE_V8, nnc_v8)
NNC_DEFINE_FUNCTIONS(NNC_INLINE_V16, nnc_v16)
#endif
/* nnc wide: end */
/* nnc functions: end */
