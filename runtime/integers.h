/* ---- int32 ---------------------------------------------------------------------------------------------------------
 * int32 tensors wrap around, as PyTorch's do; signed overflow in C would be undefined, unsigned is not. */

NNC_FUNCTION int32_t nnc_add_i32(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }
NNC_FUNCTION int32_t nnc_sub_i32(int32_t a, int32_t b) { return (int32_t)((uint32_t)a - (uint32_t)b); }
NNC_FUNCTION int32_t nnc_mul_i32(int32_t a, int32_t b) { return (int32_t)((uint32_t)a * (uint32_t)b); }
NNC_FUNCTION int32_t nnc_neg_i32(int32_t x) { return (int32_t)(0u - (uint32_t)x); }
NNC_FUNCTION int32_t nnc_abs_i32(int32_t x) { return x < 0 ? nnc_neg_i32(x) : x; }
NNC_FUNCTION int32_t nnc_max_i32(int32_t a, int32_t b) { return a > b ? a : b; }
NNC_FUNCTION int32_t nnc_min_i32(int32_t a, int32_t b) { return a < b ? a : b; }
NNC_FUNCTION int32_t nnc_relu_i32(int32_t x) { return x < 0 ? 0 : x; }
NNC_FUNCTION int32_t nnc_clamp_i32(int32_t x, int32_t lo, int32_t hi) { return nnc_min_i32(nnc_max_i32(x, lo), hi); }
NNC_FUNCTION int32_t nnc_sign_i32(int32_t x) { return (x > 0) - (x < 0); }
NNC_FUNCTION int32_t nnc_threshold_i32(int32_t x, int32_t threshold, int32_t value) {
    return x <= threshold ? value : x;
}
NNC_FUNCTION int32_t nnc_relu6_i32(int32_t x) { return nnc_clamp_i32(x, 0, 6); }
/* Python's // and %: rounded down, what is left has the sign of the divisor, which is not 0. */
NNC_FUNCTION int32_t nnc_floordiv_i32(int32_t a, int32_t b) {
    return b == -1 ? nnc_neg_i32(a) : a / b - (a % b != 0 && (a < 0) != (b < 0));
}
NNC_FUNCTION int32_t nnc_remainder_i32(int32_t a, int32_t b) {
    int32_t rest = b == -1 ? 0 : a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/* x to the power n; a negative n gives 1 / x^n without its fraction, and 0 for x = 0. */
NNC_FUNCTION int32_t nnc_pow_i32(int32_t x, int32_t n) {
    uint32_t power = 1, square = (uint32_t)x;
    if (n < 0)
        return x == 1 ? 1 : x != -1 ? 0 : n % 2 == 0 ? 1 : -1;
    for (; n != 0; n /= 2, square *= square)
        if (n % 2 != 0)
            power *= square;
    return (int32_t)power;
}
