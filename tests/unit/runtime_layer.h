/* The tests of one vector layer, for check_runtime.c: included once a layer with
 *     V       the layer, LANES its width, TARGET the attribute of functions that use it
 *     FUSED   1 if its madd rounds once
 *     DOUBLE  1 if its sums are doubles, 0 if pairs of floats
 * Expected values are computed lane by lane, with fmaf where a layer fuses, or in double. No vector is passed to or
 * returned from a function that is not inline: between functions there are arrays. */

#define LAYER_PASTE_(a, b) a##_##b
#define LAYER_PASTE(a, b) LAYER_PASTE_(a, b)
#define F(NAME) LAYER_PASTE(V, NAME)      /* the layer's function */
#define T(NAME) LAYER_PASTE(F(NAME), test) /* a test of it */

/* Fills a and b with numbers of many magnitudes, without a pattern that lanes could share. */
static void T(fill)(float *a, float *b, uint32_t seed) {
    size_t i;
    for (i = 0; i < LANES; i++) {
        seed = seed * 1664525u + 1013904223u;
        a[i] = ldexpf((float)(int32_t)seed / 2147483648.0f, (int)(seed >> 9) % 13 - 6);
        seed = seed * 1664525u + 1013904223u;
        b[i] = ldexpf((float)(int32_t)seed / 2147483648.0f, (int)(seed >> 9) % 13 - 6);
    }
}

static void T(same)(const char *what, const float *got, const float *want) {
    size_t i;
    for (i = 0; i < LANES; i++)
        ck_assert_msg(memcmp(&got[i], &want[i], sizeof *got) == 0, "%s, lane %d: got %.9g, want %.9g", what, (int)i,
                      (double)got[i], (double)want[i]);
}

#if LANES > 1
/* Reads and writes end where they should: right before a page that may not be touched. */
TARGET static void T(memory)(void) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = (char *)mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    float *end = (float *)(void *)(pages + page);
    size_t n, i;
    ck_assert(pages != (char *)MAP_FAILED && mprotect(pages + page, page, PROT_NONE) == 0);
    for (n = 0; n <= LANES; n++) {
        float *p = end - n, got[LANES], want[LANES];
        for (i = 0; i < LANES; i++)
            want[i] = i < n ? p[i] = (float)(i + 1) : 0.0f;
        F(store)(got, F(load_n)(p, n));
        T(same)("load_n", got, want);
        p[-1] = 9.0f;
        F(store_n)(p, F(splat)(7.0f), n);
        for (i = 0; i < n; i++)
            ck_assert(p[i] == 7.0f);
        ck_assert(p[-1] == 9.0f);
    }
    for (n = 0; n <= LANES; n++) {
        float got[3][LANES], want[3][LANES];
        size_t columns, c;
        for (columns = 2; columns <= 3; columns++) {
            float *p = end - columns * n;
            V a, b = F(zero)(), last;
            for (i = 0; i < columns * LANES; i++) {
                want[i % columns][i / columns] = i < columns * n ? (float)(i + 1) : 0.0f;
                if (i < columns * n)
                    p[i] = (float)(i + 1);
            }
            if (columns == 2)
                F(columns_2)(p, n, &a, &last);
            else
                F(columns_3)(p, n, &a, &b, &last);
            F(store)(got[0], a), F(store)(got[columns - 1], last);
            if (columns == 3)
                F(store)(got[1], b);
            for (c = 0; c < columns; c++)
                T(same)("columns", got[c], want[c]);
            /* and back: the rows' numbers, each as often as there are columns */
            p = end - n;
            for (i = 0; i < columns * LANES; i++)
                want[i / LANES][i % LANES] = i < columns * n ? (float)(i / columns + 1) : 0.0f;
            for (i = 0; i < n; i++)
                p[i] = (float)(i + 1);
            if (columns == 2)
                F(repeat_2)(p, n, &a, &last);
            else
                F(repeat_3)(p, n, &a, &b, &last);
            F(store)(got[0], a), F(store)(got[columns - 1], last);
            if (columns == 3)
                F(store)(got[1], b);
            for (c = 0; c < columns; c++)
                T(same)("repeat", got[c], want[c]);
        }
    }
    for (i = 0; i < LANES; i++)
        end[-1 - (int)i] = 7.0f;
    F(store)(end - LANES - 1, F(load)(end - LANES)); /* neither is aligned */
    ck_assert(end[-1 - LANES] == 7.0f && end[-2] == 7.0f);
    ck_assert(munmap(pages, 2 * page) == 0);
}

#endif

TARGET static void T(arithmetic)(void) {
    uint32_t seed;
    for (seed = 1; seed < 200; seed++) {
        float a[LANES], b[LANES], c[LANES], got[LANES], want[LANES];
        size_t i;
        V va, vb, vc;
        T(fill)(a, b, seed);
        T(fill)(c, want, seed + 1000);
        va = F(load)(a), vb = F(load)(b), vc = F(load)(c);
#define CHECK(NAME, ARGUMENTS, VALUE)      \
    for (i = 0; i < LANES; i++)            \
        want[i] = VALUE;                   \
    F(store)(got, F(NAME) ARGUMENTS);      \
    T(same)(#NAME, got, want)
        CHECK(add, (va, vb), a[i] + b[i]);
        CHECK(sub, (va, vb), a[i] - b[i]);
        CHECK(mul, (va, vb), a[i] * b[i]);
        CHECK(div, (va, vb), a[i] / b[i]);
        CHECK(neg, (va), -a[i]);
        CHECK(abs, (va), fabsf(a[i]));
        CHECK(copysign, (va, vb), copysignf(a[i], b[i]));
        CHECK(min, (va, vb), a[i] < b[i] ? a[i] : b[i]);
        CHECK(max, (va, vb), a[i] > b[i] ? a[i] : b[i]);
        CHECK(clamp, (va, vb, vc), nnc_clampf(a[i], b[i], c[i]));
        CHECK(if_negative, (va, vb, vc), a[i] < 0.0f ? b[i] : c[i]);
        CHECK(splat, (a[LANES - 1]), a[LANES - 1]);
        CHECK(zero, (), 0.0f);
        CHECK(nearest, (va), (float)(int32_t)lrintf(a[i]));
        CHECK(scale, (F(splat)(1.25f), F(nearest)(vb)), ldexpf(1.25f, (int)lrintf(b[i])));
        CHECK(relu, (va), (a[i] > 0.0f ? a[i] : 0.0f) + 0.0f);
        CHECK(relu6, (va), nnc_clampf(a[i], 0.0f, 6.0f));
        CHECK(hardtanh, (va, -0.5f, 2.0f), nnc_clampf(a[i], -0.5f, 2.0f));
        CHECK(leaky_relu, (va, 0.1f), a[i] > 0.0f ? a[i] : a[i] * 0.1f);
        CHECK(softsign, (va), a[i] / (1.0f + fabsf(a[i])));
        CHECK(hard_sigmoid, (va), 0.2f * nnc_clampf(a[i] + 2.5f, 0.0f, 5.0f));
        CHECK(sqrt, (F(abs)(va)), sqrtf(fabsf(a[i])));
        CHECK(pow, (F(abs)(va), vb), powf(fabsf(a[i]), b[i]));
        CHECK(maximum, (va, vb), nnc_maxf(a[i], b[i]));
        CHECK(minimum, (va, vb), nnc_minf(a[i], b[i]));
        CHECK(if_nan, (va, vb, vc), c[i]);
#if FUSED
        CHECK(madd, (va, vb, vc), fmaf(a[i], b[i], c[i]));
#else
        CHECK(madd, (va, vb, vc), a[i] * b[i] + c[i]);
#endif
        CHECK(add, (F(mul)(va, vb), vc), a[i] * b[i] + c[i]); /* two operations that stay two */
        for (i = 0; i < LANES; i++)
            ck_assert(F(lane)(va, i) == a[i]);
#if LANES > 1
        CHECK(held, (va), a[i]);
        CHECK(even, (va, vb), i < LANES / 2 ? a[2 * i] : b[2 * i - LANES]);
        CHECK(odd, (va, vb), i < LANES / 2 ? a[2 * i + 1] : b[2 * i + 1 - LANES]);
        for (i = LANES; i < 3 * LANES; i++) { /* a copy, and what stands behind it */
            float from[3 * LANES], to[3 * LANES];
            size_t k;
            for (k = 0; k < 3 * LANES; k++)
                from[k] = a[k % LANES] + (float)k, to[k] = -1.0f;
            F(copy)(to, from, i);
            for (k = 0; k < 3 * LANES; k++)
                ck_assert(to[k] == (k < i ? from[k] : -1.0f));
        }
        for (i = LANES; i > 1; i /= 2) { /* the sum: halves are added */
            size_t k;
            for (k = 0; k < i / 2; k++)
                a[k] += a[k + i / 2];
        }
        ck_assert(F(sum)(va) == a[0]);
#endif
#undef CHECK
    }
}

#if LANES > 1
/* join, gather and scatter, and extremes. */
TARGET static void T(parts)(void) {
    float a[LANES], b[LANES], got[3 * LANES], want[LANES];
    size_t n, i;
    T(fill)(a, b, 7);
    for (n = 0; n <= LANES; n++) {
        for (i = 0; i < LANES; i++)
            want[i] = i < n ? a[i] : b[i];
        F(store)(got, F(join)(F(load)(a), n, F(load)(b)));
        T(same)("join", got, want);
        for (i = 0; i < 3 * LANES; i++)
            got[i] = (float)i;
        for (i = 0; i < LANES; i++)
            want[i] = i < n ? (float)(3 * i) : 0.0f;
        F(store)(b, F(gather)(got, 3, n));
        T(same)("gather", b, want);
        F(scatter)(got, 3, F(load)(a), n);
        for (i = 0; i < 3 * LANES; i++)
            ck_assert(got[i] == (i % 3 == 0 && i / 3 < n ? a[i / 3] : (float)i));
        T(fill)(a, b, 7);
    }
    for (n = 0; n < LANES; n++) {
        for (i = 0; i < LANES; i++)
            want[i] = i == n ? 9.0f : 1.0f;
        ck_assert(F(largest)(F(load)(want)) == 9.0f && F(smallest)(F(load)(want)) == 1.0f);
        ck_assert(F(smallest)(F(neg)(F(load)(want))) == -9.0f);
        want[n] = nan_;
        ck_assert(isnan(F(largest)(F(load)(want))) && isnan(F(smallest)(F(load)(want))));
    }
}
#endif

#if LANES > 1
/* The way of a matrix's rows, dense or apart, to columns; nothing else is written, and nothing behind the last row read. */
TARGET static void T(pack_of)(size_t rows, size_t columns, size_t stride) {
    enum { WIDTH = 2 * LANES + 5 };
    const size_t count = (rows - 1) * stride + columns;
    float to[10 * WIDTH], *from = (float *)malloc(count * sizeof(float));
    size_t i, j;
    for (i = 0; i < count; i++)
        from[i] = (float)(i + 1);
    for (i = 0; i < 10 * WIDTH; i++)
        to[i] = 0.0f;
    F(pack)(to, WIDTH, from, stride, rows, columns);
    for (i = 0; i < 10 * WIDTH; i++) {
        j = i / WIDTH;
        ck_assert(to[i] == (j < columns && i % WIDTH < rows ? from[i % WIDTH * stride + j] : 0.0f));
    }
    free(from);
}
TARGET static void T(packing)(void) {
    size_t rows, columns;
    for (rows = 1; rows <= 2 * LANES + 3; rows++)
        for (columns = 1; columns <= 9; columns++) {
            T(pack_of)(rows, columns, columns);
            T(pack_of)(rows, columns, columns + 2);
        }
}

/* Each of many vectors' sums has the bits of the vector's own. */
TARGET static void T(sums_of_many)(void) {
    float a[8][LANES], rest[LANES], got[8];
    V v[8];
    size_t i;
    for (i = 0; i < 8; i++) {
        T(fill)(a[i], rest, (uint32_t)i + 50);
        v[i] = F(load)(a[i]);
    }
    nnc_v4_store(got, F(sum4)(v[0], v[1], v[2], v[3]));
    for (i = 0; i < 4; i++)
        ck_assert(got[i] == F(sum)(v[i]));
#if LANES > 4
    nnc_v8_store(got, F(sum8)(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]));
    for (i = 0; i < 8; i++)
        ck_assert(got[i] == F(sum)(v[i]));
#endif
}

/* So have those of columns whose rows lie in vectors. */
TARGET static void T(column_sums)(void) {
    float got[4];
    V v[3], w[3];
    size_t i, c;
    for (i = 0; i < 3; i++) {
        float a[LANES], rest[LANES];
        T(fill)(a, rest, (uint32_t)i + 70);
        v[i] = F(load)(a);
    }
    F(split_2)(v[0], v[1], &w[0], &w[1]);
    nnc_v4_store(got, F(column_sums_2)(v[0], v[1]));
    for (c = 0; c < 2; c++)
        ck_assert(got[c] == F(sum)(w[c]));
    F(split_3)(v[0], v[1], v[2], &w[0], &w[1], &w[2]);
    nnc_v4_store(got, F(column_sums_3)(v[0], v[1], v[2]));
    for (c = 0; c < 3; c++)
        ck_assert(got[c] == F(sum)(w[c]));
}
#endif

/* Mantissas, and NaN in maximum and minimum. */
TARGET static void T(bits)(void) {
    float a[LANES], b[LANES], got[LANES], want[LANES];
    size_t i;
    V exponents;
    T(fill)(a, b, 7);
    F(store)(got, F(mantissa)(F(abs)(F(load)(a)), &exponents));
    for (i = 0; i < LANES; i++) {
        int power;
        ck_assert(got[i] == 2.0f * frexpf(fabsf(a[i]), &power) && F(lane)(exponents, i) == (float)(power - 1));
    }
    F(store)(got, F(maximum)(F(splat)(nan_), F(splat)(1.0f)));
    F(store)(want, F(minimum)(F(splat)(1.0f), F(splat)(nan_)));
    for (i = 0; i < LANES; i++) {
        ck_assert(isnan(got[i]) && isnan(want[i]));
        ck_assert(F(lane)(F(if_nan)(F(load)(got), F(load)(a), F(load)(b)), i) == a[i]);
    }
}

/* Sums of few numbers, which are exact; then of many, in which floats would lose half of their digits. */
TARGET static void T(sums)(void) {
    const float big = DOUBLE ? 1e20f : 1e15f;
    float a[LANES], b[LANES], got[LANES];
    double sum = 0.0, exact[LANES] = {0.0};
    F(sums) s = F(sums_add)(F(sums_zero)(), F(splat)(0.25f)), many[LANES];
    size_t n, i;
    V rest, mean;
    for (i = 0; i < LANES; i++) {
        a[i] = (float)(i + 1), b[i] = big;
        sum += 0.25 + (double)a[i];
        many[i] = F(sums_add)(F(sums_zero)(), F(splat)((float)(i * i)));
    }
    s = F(sums_add)(s, F(load)(a));
    ck_assert(F(sums_total)(s) == (float)sum && F(sums_total)(F(sums_plus)(s, s)) == 2.0f * (float)sum);
    F(store)(got, F(sums_divided)(s, 2));
    for (i = 0, sum = 0.0; i < LANES; i++) {
        ck_assert(got[i] == 0.5f * ((float)(i + 1) + 0.25f));
        sum += (double)(i * i);
    }
    mean = F(sums_scale)(F(sums_add_square)(F(sums_zero)(), F(load)(b)), LANES, 0);
    near(F(lane)(mean, 0), 1.0 / (double)big, 1.2e-7); /* doubles have room for such squares */
#if LANES > 1
    F(store)(got, F(sums_rounded)(F(sums_tree)(many)));
    ck_assert((double)got[0] == sum && (double)got[LANES - 1] == sum);
#else
    (void)many;
#endif
    s = F(sums_zero)(), sum = 0.0;
    for (n = 0; n < 100000; n++) {
        T(fill)(a, b, (uint32_t)n);
        for (i = 0; i < LANES; i++) {
            a[i] = 1000.0f + a[i];
            exact[i] += (double)a[i], sum += (double)a[i];
        }
        s = F(sums_add)(s, F(load)(a));
    }
    F(store)(got, F(sums_rounded)(s));
    for (i = 0; i < LANES; i++)
        near(got[i], exact[i], 6e-8);
    near(F(sums_total)(s), sum, 6e-8);
    near(F(sums_mean)(s, n * LANES), sum / (double)(n * LANES), 1.2e-7);
    mean = F(sums_center)(s, n * LANES, &rest);
    ck_assert(fabs((double)F(lane)(mean, 0) + (double)F(lane)(rest, LANES - 1) - sum / (double)(n * LANES)) < 1e-9);
    near(F(lane)(F(sums_scale)(s, n * LANES, (nnc_precise)0.5), 0), 1.0 / sqrt(sum / (double)(n * LANES) + 0.5), 2e-7);
    near(F(lane)(F(sums_rounded)(F(sums_minus_log)(s)), LANES - 1), -log(sum), 2.4e-7);
}

/* What the functions are, with other parameters than check_accuracy_functions has. */
TARGET static void T(functions)(void) {
    double x;
    for (x = -30.0; x < 30.0; x += 0.0625) { /* exact in float */
        V v = F(splat)((float)x);
        near(F(lane)(F(elu)(v, 0.75f), LANES - 1), x > 0 ? x : 0.75 * expm1(x), 4e-7);
        near(F(lane)(F(softplus)(v, 2.0f, 20.0f), 0), 2.0 * x > 20.0 ? x : log1p(exp(2.0 * x)) / 2.0, 4e-6);
        near(F(lane)(F(softplus)(v, 1.0f, 3.0f), 0), x > 3.0 ? x : log1p(exp(x)), 4e-7);
        near(F(lane)(F(leaky_relu)(v, 0.25f), 0), x > 0 ? x : 0.25 * x, 0);
        near(F(lane)(F(expm1)(v), 0), expm1(x), 4e-7);
    }
}

TARGET static void T(limits)(void) {
    const float at[4] = {0.5f, -1.5f, 2.5f, -0.25f}, nearest[4] = {0.0f, -2.0f, 2.0f, 0.0f};
    V not_a_number = F(splat)(nan_), one = F(splat)(1.0f);
    size_t i;
    for (i = 0; i < 4; i++)
        ck_assert(F(lane)(F(nearest)(F(splat)(at[i])), LANES - 1) == nearest[i]);
    ck_assert(F(lane)(F(min)(not_a_number, one), 1 % LANES) == 1.0f && F(lane)(F(max)(not_a_number, one), 1 % LANES) == 1.0f);
    ck_assert(isnan(F(lane)(F(min)(one, not_a_number), 2 % LANES)) && isnan(F(lane)(F(max)(one, not_a_number), 2 % LANES)));
    ck_assert(isnan(F(lane)(F(clamp)(not_a_number, one, one), 3 % LANES)));
    ck_assert(signbit(F(lane)(F(min)(F(zero)(), F(splat)(-0.0f)), 0)));
    ck_assert(F(lane)(F(if_negative)(F(splat)(-0.0f), one, not_a_number), 3 % LANES) == 1.0f);
    ck_assert(F(lane)(F(exp)(F(splat)(inf)), 0) == inf && F(lane)(F(exp)(F(splat)(-inf)), 0) == 0.0f);
    ck_assert(F(lane)(F(exp)(F(splat)(0.0f)), 0) == 1.0f && F(lane)(F(exp)(F(splat)(1e-20f)), 0) == 1.0f);
    ck_assert(isnan(F(lane)(F(exp)(F(neg)(not_a_number)), 0)));
    ck_assert(F(lane)(F(exp)(F(splat)(-103.9f)), 1 % LANES) == 1e-45f && isnan(F(lane)(F(exp)(not_a_number), 1 % LANES)));
    ck_assert(F(lane)(F(sigmoid_by_exp)(F(splat)(-inf)), 0) == 0.0f);
    ck_assert(F(lane)(F(sigmoid_by_exp)(F(splat)(inf)), 0) == 1.0f);
    ck_assert(isnan(F(lane)(F(silu)(not_a_number), 1 % LANES)) && isnan(F(lane)(F(sigmoid_by_exp)(not_a_number), 1 % LANES)));
    ck_assert(isnan(F(lane)(F(relu)(not_a_number), 1 % LANES)) && isnan(F(lane)(F(leaky_relu)(not_a_number, 0.1f), 1 % LANES)));
    ck_assert(isnan(F(lane)(F(hard_sigmoid)(not_a_number), 1 % LANES)) && isnan(F(lane)(F(softsign)(not_a_number), 1 % LANES)));
    ck_assert(F(lane)(F(tanh)(F(splat)(-0.0f)), 0) == 0.0f && signbit(F(lane)(F(tanh)(F(splat)(-0.0f)), 0)));
}

/* V_lstm against double precision, NaN, and what it must not forget. */
TARGET static void T(lstm)(void) {
    float in[5][LANES], got[LANES], cell[LANES];
    uint32_t seed;
    size_t i, k;
    V next, hidden;
    for (seed = 1; seed < 3000; seed++) {
        T(fill)(in[0], in[1], seed);
        T(fill)(in[2], in[3], seed + 50000);
        T(fill)(in[4], cell, seed + 90000);
        hidden = F(lstm)(F(load)(in[0]), F(load)(in[1]), F(load)(in[2]), F(load)(in[3]), F(load)(in[4]), &next);
        F(store)(got, hidden), F(store)(cell, next);
        for (i = 0; i < LANES; i++) {
            double c = (double)in[4][i] / (1.0 + exp(-2.0 * (double)in[1][i])) +
                       tanh((double)in[2][i]) / (1.0 + exp(-2.0 * (double)in[0][i]));
            double h = tanh(c) / (1.0 + exp(-2.0 * (double)in[3][i]));
            ck_assert_msg(fabs((double)cell[i] - c) < 3e-7 * (1.0 + fabs((double)in[4][i])), "c %g", c);
            ck_assert_msg(fabs((double)got[i] - h) < 3e-7 + fabs((double)cell[i] - c), "h %g", h);
            ck_assert(got[i] >= -1.0f && got[i] <= 1.0f);
        }
    }
    for (k = 0; k < 5; k++) {
        V x[5];
        for (i = 0; i < 5; i++)
            x[i] = F(splat)(i == k ? nan_ : 0.5f);
        hidden = F(lstm)(x[0], x[1], x[2], x[3], x[4], &next);
        ck_assert(isnan(F(lane)(hidden, 1)) && (k == 3 || isnan(F(lane)(next, 1))));
    }
    {   /* f is 1 and i is 0: c stays to the bit, whatever it is and whatever g says; then f is 0 and i is 1 */
        volatile float open = 8.7f, shut = -9.1f; /* halved: sigmoid(17.4) */
        for (i = 0; i < LANES; i++)
            cell[i] = (i % 2 ? 1.0f : -1.0f) / (float)(3 + i * i * i);
        next = F(load)(cell);
        for (i = 0; i < 100000; i++)
            F(lstm)(F(splat)(shut), F(splat)(open), F(splat)(i % 3 ? 3.0f : -2.0f), F(splat)(1.0f), next, &next);
        F(store)(got, next);
        T(same)("a cell that remembers", got, cell);
        hidden = F(lstm)(F(splat)(inf), F(splat)(-inf), F(splat)(inf), F(splat)(inf), F(splat)(1e30f), &next);
        ck_assert(F(lane)(next, 0) == 1.0f && fabs((double)F(lane)(hidden, 0) - tanh(1.0)) < 3e-7);
        hidden = F(lstm)(F(splat)(inf), F(splat)(inf), F(splat)(-inf), F(splat)(inf), F(splat)(-1e30f), &next);
        ck_assert(F(lane)(next, 0) == -1e30f && F(lane)(hidden, 0) == -1.0f);
    }
}

TARGET static void T(all)(void) {
#if LANES > 1
    T(memory)();
    T(parts)();
    T(packing)();
    T(sums_of_many)();
    T(column_sums)();
#endif
    T(arithmetic)();
    T(bits)();
    T(sums)();
    T(functions)();
    T(limits)();
    T(lstm)();
}

#undef LAYER_PASTE_
#undef LAYER_PASTE
#undef F
#undef T
#undef V
#undef LANES
#undef TARGET
#undef FUSED
#undef DOUBLE
