/* element: the table of types, and their conversion. */
#include "weights/element.h"

#include <math.h>
#include <string.h>

static const element_type types[] = {
    {TENSOR_F32, 4, "F32", "float32", "Float", "f4"},
    {TENSOR_F64, 8, "F64", "float64", "Double", "f8"},
    {TENSOR_F16, 2, "F16", "float16", "Half", "f2"},
    {TENSOR_BF16, 2, "BF16", "bfloat16", "BFloat16", NULL},
    {TENSOR_OTHER, 1, "BOOL", "bool", "Bool", "b1"},
    {TENSOR_OTHER, 1, "I8", "int8", "Char", "i1"},
    {TENSOR_OTHER, 1, "U8", "uint8", "Byte", "u1"},
    {TENSOR_OTHER, 2, "I16", "int16", "Short", "i2"},
    {TENSOR_OTHER, 2, "U16", "uint16", NULL, "u2"},
    {TENSOR_OTHER, 4, "I32", "int32", "Int", "i4"},
    {TENSOR_OTHER, 4, "U32", "uint32", NULL, "u4"},
    {TENSOR_OTHER, 8, "I64", "int64", "Long", "i8"},
    {TENSOR_OTHER, 8, "U64", "uint64", NULL, "u8"},
    {TENSOR_OTHER, 16, "F128", NULL, NULL, "f16"},
    {TENSOR_OTHER, 8, "C64", "complex64", "ComplexFloat", "c8"},
    {TENSOR_OTHER, 16, "C128", "complex128", "ComplexDouble", "c16"},
    {TENSOR_OTHER, 4, "C32", "complex32", "ComplexHalf", NULL},
    {TENSOR_OTHER, 1, "F8_E4M3", "float8_e4m3fn", NULL, NULL},
    {TENSOR_OTHER, 1, "F8_E5M2", "float8_e5m2", NULL, NULL},
    {TENSOR_OTHER, 1, "F8_E4M3FNUZ", "float8_e4m3fnuz", NULL, NULL},
    {TENSOR_OTHER, 1, "F8_E5M2FNUZ", "float8_e5m2fnuz", NULL, NULL},
    {TENSOR_OTHER, 1, "F8_E8M0", "float8_e8m0fnu", NULL, NULL},
    {TENSOR_OTHER, 1, "QInt8", "qint8", "QInt8", NULL},
    {TENSOR_OTHER, 1, "QUInt8", "quint8", "QUInt8", NULL},
    {TENSOR_OTHER, 4, "QInt32", "qint32", "QInt32", NULL},
    {TENSOR_OTHER, 1, "QUInt4x2", "quint4x2", "QUInt4x2", NULL},
    {TENSOR_OTHER, 1, "QUInt2x4", "quint2x4", "QUInt2x4", NULL},
};
enum { TYPES = sizeof types / sizeof *types };

static bool is(const char *name, const char *other) { return name && strcmp(name, other) == 0; }

const element_type *element_of_safetensors(const char *name) {
    for (size_t i = 0; i < TYPES; i++)
        if (is(types[i].name, name) && name[0] != 'Q') return &types[i];
    return NULL;
}

const element_type *element_of_torch(const char *dtype) {
    for (size_t i = 0; i < TYPES; i++)
        if (is(types[i].torch, dtype)) return &types[i];
    return NULL;
}

const element_type *element_of_storage(const char *name, size_t length) {
    static const char *const endings[] = {"Storage", "Tensor"};
    for (size_t e = 0; e < sizeof endings / sizeof *endings; e++) {
        size_t tail = strlen(endings[e]);
        if (length <= tail || memcmp(name + length - tail, endings[e], tail) != 0) continue;
        for (size_t i = 0; i < TYPES; i++) {
            const char *legacy = types[i].legacy;
            if (legacy && strlen(legacy) == length - tail &&
                memcmp(name, legacy, length - tail) == 0)
                return &types[i];
        }
    }
    return NULL;
}

const element_type *element_of_numpy(const char *kind_and_bytes) {
    for (size_t i = 0; i < TYPES; i++)
        if (is(types[i].numpy, kind_and_bytes)) return &types[i];
    return NULL;
}

/* --- conversion ------------------------------------------------------------------------------- */

static uint64_t bits_at(const unsigned char *bytes, unsigned count, bool big_endian) {
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++)
        value |= (uint64_t)bytes[big_endian ? count - 1 - i : i] << (8 * i);
    return value;
}

static float float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double double_of_bits(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Every half is a float. */
static float float_of_half(uint32_t half) {
    uint32_t sign = (half & 0x8000) << 16, exponent = half >> 10 & 0x1F, fraction = half & 0x3FF;
    if (exponent == 0x1F) return float_of_bits(sign | 0x7F800000 | fraction << 13);
    if (exponent) return float_of_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13);
    float subnormal = (float)fraction * 0x1p-24f;
    return sign ? -subnormal : subnormal;
}

static const double TOO_LARGE = 0x1.FFFFFFp+127; /* from here on the nearest float32 is infinity */

/* C leaves a conversion open whose result does not fit. */
float float32_of_double(double value) {
    if (value >= TOO_LARGE) return INFINITY;
    if (value <= -TOO_LARGE) return -INFINITY;
    return (float)value;
}

bool host_is_little_endian(void) {
    const uint16_t one = 1;
    return *(const unsigned char *)&one == 1;
}

static float float_at(tensor_dtype dtype, bool big_endian, const unsigned char *from) {
    if (dtype == TENSOR_F32) return float_of_bits((uint32_t)bits_at(from, 4, big_endian));
    uint32_t bits = (uint32_t)bits_at(from, 2, big_endian);
    return dtype == TENSOR_F16 ? float_of_half(bits) : float_of_bits(bits << 16);
}

size_t elements_to_float32(tensor_dtype dtype, bool big_endian, const unsigned char *from,
                           size_t count, float *to) {
    size_t width = dtype == TENSOR_F32 ? 4 : 2, overflow = count;
    if (dtype == TENSOR_F32 && big_endian != host_is_little_endian()) {
        if (count) memcpy(to, from, 4 * count);
        return count;
    }
    if (dtype != TENSOR_F64) {
        for (size_t i = 0; i < count; i++) to[i] = float_at(dtype, big_endian, from + width * i);
        return count;
    }
    for (size_t i = 0; i < count; i++) {
        double value = double_of_bits(bits_at(from + 8 * i, 8, big_endian));
        to[i] = float32_of_double(value);
        if (isinf(to[i]) && !isinf(value) && overflow == count) overflow = i;
    }
    return overflow;
}

void elements_to_float64(tensor_dtype dtype, bool big_endian, const unsigned char *from,
                         size_t count, double *to) {
    size_t width = dtype == TENSOR_F64 ? 8 : dtype == TENSOR_F32 ? 4 : 2;
    for (size_t i = 0; i < count; i++) {
        const unsigned char *at = from + width * i;
        to[i] = dtype == TENSOR_F64 ? double_of_bits(bits_at(at, 8, big_endian))
                                    : float_at(dtype, big_endian, at);
    }
}

/* "I64", "U8", "BOOL": the names of safetensors say what the bits mean. */
bool element_is_number(const element_type *type) {
    const char *name = type->name;
    bool integer = (name[0] == 'I' || name[0] == 'U') && name[1] >= '0' && name[1] <= '9';
    return type->dtype != TENSOR_OTHER || integer || is(name, "BOOL");
}

static double integer_at(const element_type *type, bool big_endian, const unsigned char *from) {
    uint64_t bits = bits_at(from, type->bytes, big_endian);
    if (type->name[0] == 'B') return bits != 0;
    if (type->name[0] == 'U') return (double)bits;
    uint64_t sign = (uint64_t)1 << (8 * type->bytes - 1);
    return bits & sign ? -(double)((sign - 1 - (bits & (sign - 1))) + 1) : (double)bits;
}

void elements_to_numbers(const element_type *type, bool big_endian, const unsigned char *from,
                         size_t count, double *to) {
    if (type->dtype != TENSOR_OTHER) {
        elements_to_float64(type->dtype, big_endian, from, count, to);
        return;
    }
    for (size_t i = 0; i < count; i++) to[i] = integer_at(type, big_endian, from + type->bytes * i);
}

size_t elements_denormal(const float *values, size_t count) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) found += fpclassify(values[i]) == FP_SUBNORMAL;
    return found;
}
