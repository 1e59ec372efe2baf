/* nnc activations: begin */
#if !defined(NNC_HAS_ACTIVATIONS)
#define NNC_HAS_ACTIVATIONS
/* ---- tanh and sigmoid of the gates ---------------------------------------------------------------------------------
 * Without branches and without libm. With p / 2q a rational approximation of tanh(x / 2), for x >= 0:
 *
 *     tanh(x) = 2t / (1 + t*t), t = p / 2q                                        (the double-argument formula)
 *             = n / (n + d*d),  n = p*q,  d = q - p/2
 *
 * The errors of n cancel, and towards saturation d vanishes: there the result is exactly 1, so a saturated gate
 * passes its value on unchanged for ever (with p / q alone it would leak 1e-7 a step). Since d*d >= 0 it never
 * exceeds 1. p = x (1 + P1 u + P2 u^2) and q = 1 + Q1 u + Q2 u^2 + Q3 u^3 with u = x*x are fitted by weighted least
 * squares, the target bent beyond x = 6 so that p = 2q where x is cut off.
 *
 * Measured over all float32 against float64 (tests/unit/check_accuracy.c):
 *     tanh            absolute error at most 1.55e-7, at most 4.9 units in the last place everywhere
 *     sigmoid         absolute error at most 1.07e-7
 * tanh is odd bit for bit and x itself near 0; sigmoid is 0 from -17.98 down, 1 wherever that is nearest. NaN stays.
 * This sigmoid has no relative accuracy where it is tiny: V_sigmoid_by_exp below has.
 *
 * -ffast-math may divide by an approximate reciprocal and miss 1 (and its errors reach 2.5e-7); there, two more steps
 * put 1 where float32 cannot tell sigmoid(2x) from 1, which changes nothing before: x / 8.66 is less than tanh(x). */
#define NNC_TANH_P1 0.0292177126f
#define NNC_TANH_P2 0.000102042912f
#define NNC_TANH_Q1 0.112550914f
#define NNC_TANH_Q2 0.00114808104f
#define NNC_TANH_Q3 9.65951131e-07f
#define NNC_TANH_SATURATED 8.9872f

#if NNC_FAST_MATH
#define NNC_TANH_QUOTIENT(V, n, d, x)                                                                    \
    V##_min(V##_splat(1.0f),                                                                             \
            V##_max(V##_mul(V##_abs(x), V##_splat(1.0f / 8.66f)), V##_div(n, d)))
#else
#define NNC_TANH_QUOTIENT(V, n, d, x) V##_div(n, d)
#endif

/* V_tanh_ratio(x, &d): n and d of |x|. V_tanh(x), V_sigmoid_of_half(h) = sigmoid(2h) (the weights of a gate are halved
 * at compile time), V_sigmoid(x). */
#define NNC_DEFINE_TANH_RATIO(INLINE, V)                                                                      \
    INLINE V V##_tanh_ratio(V x, V *denominator) {                                                            \
        V a = V##_min(V##_splat(NNC_TANH_SATURATED), V##_abs(x)); /* in this order NaN stays */               \
        V u = V##_mul(a, a);                                                                                  \
        V p = V##_madd(V##_splat(NNC_TANH_P2), u, V##_splat(NNC_TANH_P1));                                     \
        V q = V##_madd(V##_splat(NNC_TANH_Q3), u, V##_splat(NNC_TANH_Q2));                                     \
        V n, d;                                                                                               \
        p = V##_madd(p, V##_mul(a, u), a);                                                                    \
        q = V##_madd(V##_madd(q, u, V##_splat(NNC_TANH_Q1)), u, V##_splat(1.0f));                              \
        n = V##_mul(p, q);                                                                                    \
        d = V##_madd(V##_splat(-0.5f), p, q);                                                                 \
        *denominator = V##_madd(d, d, n);                                                                     \
        return n;                                                                                             \
    }

#define NNC_DEFINE_TANH(INLINE, V)                                                                            \
    INLINE V V##_tanh(V x) {                                                                                  \
        V d, n = V##_tanh_ratio(x, &d);                                                                       \
        return V##_copysign(NNC_TANH_QUOTIENT(V, n, d, x), x);                                                \
    }                                                                                                         \
    INLINE V V##_sigmoid_of_half(V h) { return V##_madd(V##_splat(0.5f), V##_tanh(h), V##_splat(0.5f)); }      \
    INLINE V V##_sigmoid(V x) { return V##_sigmoid_of_half(V##_mul(V##_splat(0.5f), x)); }

/* h' = V_lstm(i, f, g, o, c, &c'): an LSTM's cell after its products, c' = f*c + i*g and h' = o*tanh(c'). The gates
 * come as they are summed, i, f and o halved. With sigmoid(2x) = (d + n) / 2d a product of two activations is one
 * quotient: three divisions instead of five (two would take more multiplications than they save). f has its own, so
 * that where it is 1 and i is 0 (d + n cancels), c' is c to the bit. */
#define NNC_DEFINE_LSTM(INLINE, V)                                                                            \
    INLINE V V##_sigmoid_times_tanh(V h, V x) {                                                               \
        V dh, dx, nh = V##_tanh_ratio(h, &dh), nx = V##_tanh_ratio(x, &dx);                                   \
        return V##_div(V##_mul(V##_add(dh, V##_copysign(nh, h)), V##_copysign(nx, x)),                        \
                       V##_mul(V##_add(dh, dh), dx));                                                         \
    }                                                                                                         \
    INLINE V V##_lstm(V i, V f, V g, V o, V c, V *next_c) {                                                   \
        *next_c = V##_madd(V##_sigmoid_of_half(f), c, V##_sigmoid_times_tanh(i, g));                          \
        return V##_sigmoid_times_tanh(o, *next_c);                                                            \
    }

/* exp(x) = 2^k e^f, f = x - k*HI exactly, HI being the upper 16 bits of ln 2; for the rest of ln 2 the result is
 * multiplied by 1 - k*LO. (To subtract k*LO from f would be as good, but -ffast-math then adds HI and LO together.)
 * e^f = 1 + f + f^2 (...), minimax over |f| <= 0.347, 3e-9. From -173.25 down, where k is -250, it is multiplied by 0:
 * a masked -infinity takes no longer than any x. At most 2 units in the last place, from 0 and the denormals
 * to infinity; NaN stays. */
#define NNC_DEFINE_EXP(INLINE, V)                                                                             \
    INLINE V V##_exp(V x) {                                                                                   \
        V a = V##_clamp(x, V##_splat(-173.25f), V##_splat(89.0f));                                             \
        V k = V##_nearest(V##_mul(a, V##_splat(1.44269502f)));                                                \
        V f = V##_madd(k, V##_splat(-0.693145752f), a);                                                       \
        V q = V##_madd(V##_splat(0.00138144335f), f, V##_splat(0.00836879667f));                              \
        q = V##_madd(V##_madd(q, f, V##_splat(0.0416683964f)), f, V##_splat(0.166665196f));                   \
        q = V##_add(V##_splat(1.0f), V##_madd(V##_madd(q, f, V##_splat(0.49999994f)), V##_mul(f, f), f));     \
        return V##_scale(V##_madd(V##_mul(k, V##_splat(-1.42860677e-06f)), q, q), k);                         \
    }

/* (On one lane these stay functions where size counts.) */
NNC_DEFINE_TANH_RATIO(NNC_INLINE, nnc_v1)
NNC_DEFINE_TANH(NNC_FUNCTION, nnc_v1)
NNC_DEFINE_LSTM(NNC_FUNCTION, nnc_v1)
NNC_DEFINE_EXP(NNC_FUNCTION, nnc_v1)
#endif
/* nnc vector4: begin */
#if !defined(NNC_HAS_V4_ACTIVATIONS)
#define NNC_HAS_V4_ACTIVATIONS
NNC_DEFINE_TANH_RATIO(NNC_INLINE, nnc_v4)
NNC_DEFINE_TANH(NNC_INLINE, nnc_v4)
NNC_DEFINE_LSTM(NNC_INLINE, nnc_v4)
NNC_DEFINE_EXP(NNC_INLINE, nnc_v4)
#endif
/* nnc vector4: end */
/* nnc wide: begin */
#if defined(NNC_WIDE_LAYERS) && !defined(NNC_HAS_WIDE_ACTIVATIONS)
#define NNC_HAS_WIDE_ACTIVATIONS
NNC_DEFINE_TANH_RATIO(NNC_INLINE_V8, nnc_v8)
NNC_DEFINE_TANH(NNC_INLINE_V8, nnc_v8)
NNC_DEFINE_LSTM(NNC_INLINE_V8, nnc_v8)
NNC_DEFINE_EXP(NNC_INLINE_V8, nnc_v8)
NNC_DEFINE_TANH_RATIO(NNC_INLINE_V16, nnc_v16)
NNC_DEFINE_TANH(NNC_INLINE_V16, nnc_v16)
NNC_DEFINE_LSTM(NNC_INLINE_V16, nnc_v16)
NNC_DEFINE_EXP(NNC_INLINE_V16, nnc_v16)
#endif
/* nnc wide: end */
/* nnc activations: end */
