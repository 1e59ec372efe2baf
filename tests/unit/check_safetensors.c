/* check_safetensors: the safetensors reader, and the conversions to float32. */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <sys/stat.h>

#include "weights_folder.h"

/* Opening gives exactly this message (after "weights.safetensors: error: "). */
static void open_bad(const char *message)
{
    diags = diag_list_new(a, NULL);
    ck_assert_ptr_null(tensor_file_open(a, path, diags, (span){0, 0}));
    ck_assert_str_eq(reported(), arena_printf(a, "weights.safetensors: error: %s\n", message));
}

static void bad_header(const char *header, size_t data_size, const char *message)
{
    write_safetensors(header, arena_alloc(a, data_size), data_size);
    open_bad(message);
}

static tensor_file *open_good(void)
{
    diags = diag_list_new(a, NULL);
    tensor_file *f = tensor_file_open(a, path, diags, (span){0, 0});
    ck_assert_str_eq(reported(), "");
    ck_assert_ptr_nonnull(f);
    return f;
}

/* Elements as float32, and what is wrong with them. */
static const float *loaded(const tensor_file *f, const tensor *t, const char **problem)
{
    tensor_request r = {.tensor = t};
    tensors_load(a, f, &r, 1);
    if (problem) *problem = r.problem;
    else ck_assert_ptr_null(r.problem);
    return r.to;
}

START_TEST(test_reads_tensors)
{
    const float data[] = {1, 2, 3, 4, 5, 6, -7};
    write_safetensors("{\"b\":{\"dtype\":\"F32\",\"shape\":[3,2],\"data_offsets\":[0,24]},"
                      "\"__metadata__\":{\"format\":\"pt\"},"
                      "\"a.empty\":{\"dtype\":\"F64\",\"shape\":[0,5],\"data_offsets\":[24,24]},"
                      "\"a\":{\"shape\":[],\"dtype\":\"F32\",\"data_offsets\":[24,28]}}    ",
                      data, sizeof data);
    tensor_file *f = open_good();
    ck_assert_uint_eq(f->dicts[0].count, 3);
    ck_assert_str_eq(f->dicts[0].tensors[0].name, "a");
    ck_assert_str_eq(f->dicts[0].tensors[1].name, "a.empty");
    ck_assert_str_eq(f->dicts[0].tensors[2].name, "b");
    const tensor *b = tensor_find(&f->dicts[0], "b"), *scalar = tensor_find(&f->dicts[0], "a"), *empty = tensor_find(&f->dicts[0], "a.empty");
    ck_assert_ptr_eq(b, &f->dicts[0].tensors[2]);
    ck_assert_uint_eq(b->rank, 2);
    ck_assert_int_eq(b->shape[0], 3);
    ck_assert_int_eq(b->shape[1], 2);
    ck_assert_uint_eq(b->elements, 6);
    ck_assert_str_eq(tensor_shape_string(a, b->shape, b->rank), "[3, 2]");
    ck_assert_mem_eq(loaded(f, b, NULL), data, 6 * sizeof *data);
    ck_assert_uint_eq(scalar->rank, 0);
    ck_assert_uint_eq(scalar->elements, 1);
    ck_assert_float_eq(loaded(f, scalar, NULL)[0], -7);
    ck_assert_uint_eq(empty->elements, 0);
    loaded(f, empty, NULL);
    ck_assert_ptr_null(tensor_find(&f->dicts[0], "c"));
    ck_assert_ptr_null(tensor_find(&f->dicts[0], "a.empt"));
    tensor_file_close(f);
    tensor_file_close(NULL);
}
END_TEST

/* Data that begins at a multiple of 4 is used in place, other data is not. */
START_TEST(test_in_place)
{
    const float data[] = {0.5f};
    const char *aligned = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}  ";
    ck_assert_uint_eq(strlen(aligned) % 4, 0);
    write_safetensors(aligned, data, sizeof data);
    tensor_file *f = open_good();
    const uint16_t one = 1;
    if (*(const unsigned char *)&one) {
        ck_assert_ptr_eq(tensor_in_place(&f->dicts[0].tensors[0]), f->dicts[0].tensors[0].storage->bytes);
        ck_assert_float_eq(*tensor_in_place(&f->dicts[0].tensors[0]), 0.5f);
    }
    tensor_file_close(f);
    write_safetensors(arena_printf(a, "%s ", aligned), data, sizeof data);
    f = open_good();
    ck_assert_ptr_null(tensor_in_place(&f->dicts[0].tensors[0]));
    ck_assert_float_eq(loaded(f, &f->dicts[0].tensors[0], NULL)[0], 0.5f);
    tensor_file_close(f);
}
END_TEST

START_TEST(test_many_tensors)
{
    enum { COUNT = 50000 };
    char *header = arena_alloc(a, (size_t)COUNT * 80), *at = header;
    float *data = ARENA_ARRAY(a, float, COUNT);
    *at++ = '{';
    for (int i = 0; i < COUNT; i++) {
        int number = i * 7919 % COUNT; /* each once, in no order */
        at += sprintf(at, "%s\"t%d\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%d,%d]}", i ? "," : "", number,
                      4 * i, 4 * i + 4);
        data[i] = (float)number;
    }
    *at++ = '}';
    write_safetensors(header, data, COUNT * sizeof *data);
    tensor_file *f = open_good();
    ck_assert_uint_eq(f->dicts[0].count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        const tensor *t = tensor_find(&f->dicts[0], arena_printf(a, "t%d", i));
        ck_assert_ptr_nonnull(t);
        ck_assert(loaded(f, t, NULL)[0] == (float)i);
    }
    tensor_file_close(f);
}
END_TEST

START_TEST(test_broken_headers)
{
    bad_header("[]", 0, "not a safetensors file: its header does not begin with \"{\"");
    bad_header("{", 0, "the header cannot be read: it ends too early (at byte 1 of the header)");
    bad_header("{\"a\":1}", 0, "tensor \"a\" is described by something else than an object");
    bad_header("{\"a\":{\"shape\":[],\"data_offsets\":[0,4]}}", 4, "tensor \"a\" has no \"dtype\"");
    bad_header("{\"a\":{\"dtype\":\"F31\",\"shape\":[],\"data_offsets\":[0,4]}}", 4,
               "tensor \"a\" has the unknown element type \"F31\"");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "tensor \"a\" has no \"shape\"");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1,-1],\"data_offsets\":[0,4]}}", 4,
               "tensor \"a\" has a shape that holds something else than integers from 0 up");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", 4,
               "tensor \"a\" has a shape that holds something else than integers from 0 up");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4,
               "tensor \"a\" has 9 dimensions, more than the 8 that nnc reads");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0,
               "tensor \"a\" has more elements than can be counted");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}", 0,
               "tensor \"a\" has more bytes than can be counted");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,0]}}", 0,
               "the header cannot be read: a number is too large (at byte 49 of the header)");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4,
               "tensor \"a\" has no \"data_offsets\" of two integers from 0 up");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}", 4,
               "tensor \"a\" has no \"data_offsets\" of two integers from 0 up");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", 4,
               "tensor \"a\" has no \"data_offsets\" of two integers from 0 up");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4,
               "tensor \"a\" ends before it begins: data_offsets [4, 0]");
    bad_header("{\"a\":{\"dtype\":\"F16\",\"shape\":[3,2],\"data_offsets\":[0,13]}}", 13,
               "tensor \"a\" needs 12 bytes for F16 [3, 2], but its data_offsets [0, 13] hold 13");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
               "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12,
               "tensors \"a\" and \"b\" overlap at byte 4 of the data");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
               "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
               "tensors \"a\" and \"b\" overlap at byte 0 of the data");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
               "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}", 12,
               "bytes 4 to 8 of the data belong to no tensor");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 9,
               "the last 5 bytes of the file belong to no tensor");
    bad_header("{}", 3, "the last 3 bytes of the file belong to no tensor");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1000],\"data_offsets\":[0,4000]}}", 3999,
               "the file is truncated: its header describes 4000 bytes of tensors, but only 3999 bytes follow it");
    bad_header("{\"__metadata__\":3}", 0, "the header's \"__metadata__\" is not an object");
    bad_header("{\"__metadata__\":{\"a\":3}}", 0, "the header's \"__metadata__\" has \"a\", which is not a string");
    bad_header("{\"\\u0001\\\"\\n\":[]}", 0, "tensor \"\\x01\\\"\\x0A\" is described by something else than an object");
}
END_TEST

/* What jansson finds: the words are ours, the place is in the header. */
START_TEST(test_broken_json)
{
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
               "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
               "the header cannot be read: it has a name twice (at byte 57 of the header)");
    bad_header("{} {}", 0, "the header cannot be read: something follows its end (at byte 4 of the header)");
    bad_header("{\"a\\u0000b\":1}", 0, "the header cannot be read: a name holds a NUL character (at byte 11 of the header)");
    bad_header("{\"a\xFF\":1}", 0, "the header cannot be read: it is not valid UTF-8 (at byte 3 of the header)");
    bad_header("{a}", 0, "the header cannot be read: it is not valid JSON (at byte 2 of the header)");
    char *deep = arena_alloc(a, 100001);
    memset(deep, '[', 100000);
    memcpy(deep, "{\"a\":", 5);
    write_safetensors(deep, "", 0);
    diags = diag_list_new(a, NULL);
    ck_assert_ptr_null(tensor_file_open(a, path, diags, (span){0, 0}));
    ck_assert_ptr_nonnull(strstr(reported(), "the header cannot be read: it is nested too deeply"));
}
END_TEST

/* Every beginning of a good file is a truncated file. */
START_TEST(test_truncated)
{
    const char *header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
    size_t length = strlen(header), size = 8 + length + 4;
    unsigned char bytes[100] = {0};
    bytes[0] = (unsigned char)length;
    memcpy(bytes + 8, header, length);
    for (size_t cut = 0; cut < size; cut++) {
        write_bytes(bytes, cut);
        if (cut == 0)
            open_bad("the file is empty");
        else if (cut < 8)
            open_bad(arena_printf(a, "not a safetensors file: it has %zu bytes, and the header's length alone takes 8",
                                  cut));
        else if (cut < 8 + length)
            open_bad(arena_printf(a, "the file is truncated: its header should have %zu bytes, but only %zu follow",
                                  length, cut - 8));
        else
            open_bad(arena_printf(a, "the file is truncated: its header describes 4 bytes of tensors, but only %zu bytes"
                                     " follow it", cut - 8 - length));
    }
    write_bytes(bytes, size);
    tensor_file_close(open_good());
}
END_TEST

START_TEST(test_header_lengths)
{
    write_bytes("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF{}", 10);
    open_bad("not a safetensors file: its header would have 18446744073709551615 bytes, and 100000000 is the most");
    write_bytes("\x01\xE1\xF5\x05\0\0\0\0{}", 10); /* 100 000 001 */
    open_bad("not a safetensors file: its header would have 100000001 bytes, and 100000000 is the most");
    write_bytes("\0\xE1\xF5\x05\0\0\0\0{}", 10);
    open_bad("the file is truncated: its header should have 100000000 bytes, but only 2 follow");
    write_bytes("\0\0\0\0\0\0\0\0{}", 10);
    open_bad("not a safetensors file: its header does not begin with \"{\"");
    write_bytes("\2\0\0\0\0\0\0\0{}", 10);
    tensor_file *f = open_good();
    ck_assert_uint_eq(f->dicts[0].count, 0);
    ck_assert_ptr_null(tensor_find(&f->dicts[0], ""));
    tensor_file_close(f);
}
END_TEST

START_TEST(test_other_files)
{
    open_bad("the file cannot be opened: No such file or directory");
    ck_assert_int_eq(mkdir(path, 0700), 0);
    open_bad("this is a directory, not a file");
    ck_assert_int_eq(rmdir(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    open_bad("this is not a regular file");
    unlink(path);

    write_bytes("PK\3\4 and so on", 14);
    open_bad("the zip archive is damaged or cut: Not a zip archive");
    write_bytes("version https://git-lfs.github.com/spec/v1\n", 43);
    open_bad("this is a Git LFS pointer, not the file itself\n  hint: fetch it with: git lfs pull");
    /* A pickle's first bytes may also be a length. */
    const char *header = "{}";
    char *padded = arena_alloc(a, 0x281);
    memset(padded, ' ', 0x280);
    memcpy(padded, header, 2);
    write_safetensors(padded, "", 0);
    tensor_file_close(open_good());
    write_bytes("\x80\2\x8A\x0Alc\xFC\x9C" "F\xF9", 10);
    diags = diag_list_new(a, NULL);
    ck_assert_ptr_null(tensor_file_open(a, path, diags, (span){0, 0}));
    ck_assert_ptr_nonnull(strstr(reported(), "error: a Python pickle (as torch.save writes): its first value cannot be read"));

    /* By the ending, when the contents say nothing; a safetensors file is one under any name. */
    unlink(path);
    path = arena_printf(a, "%s/model.PTH", folder);
    write_bytes("something else", 14);
    diags = diag_list_new(a, NULL);
    ck_assert_ptr_null(tensor_file_open(a, path, diags, (span){0, 0}));
    ck_assert_ptr_nonnull(strstr(reported(), "model.PTH: error: this is not what torch.save writes, in spite of its name"));
    write_safetensors("{}", "", 0);
    tensor_file_close(open_good());
    unlink(path);
    path = arena_printf(a, "%s/model.npz", folder);
    write_bytes("PK\3\4 and so on", 14);
    diags = diag_list_new(a, NULL);
    ck_assert_ptr_null(tensor_file_open(a, path, diags, (span){0, 0}));
    ck_assert_ptr_nonnull(strstr(reported(), "model.npz: error: the zip archive is damaged or cut"));
}
END_TEST

/* An error at a place in the .nn file names the weights file in its message. */
START_TEST(test_place)
{
    diags = diag_list_new(a, source_from_text(a, "m.nn", "weights \"w\"\n", 12));
    ck_assert_ptr_null(tensor_file_open(a, path, diags, (span){8, 11}));
    ck_assert_str_eq(reported(), "m.nn:1:9: error: weights.safetensors: the file cannot be opened: No such file or "
                                 "directory\n"
                                 "  1 | weights \"w\"\n"
                                 "    |         ^~~\n"
                                 "  hint: the path is relative to the .nn file; --weights FILE names another one\n");
}
END_TEST

/* --- conversions ----------------------------------------------------------------------------------------------------- */

static float converted(tensor_dtype dtype, const void *bytes, size_t size)
{
    /* At an odd address: tensors may be unaligned. */
    unsigned char *unaligned = (unsigned char *)arena_alloc(a, size + 1) + 1;
    memcpy(unaligned, bytes, size);
    float value, turned;
    double exact;
    elements_to_float32(dtype, false, unaligned, 1, &value);
    for (size_t i = 0; i < size; i++) unaligned[i] = ((const unsigned char *)bytes)[size - 1 - i];
    elements_to_float32(dtype, true, unaligned, 1, &turned);
    elements_to_float64(dtype, true, unaligned, 1, &exact);
    ck_assert(memcmp(&value, &turned, sizeof value) == 0);
    ck_assert(isnan(exact) ? isnan(value) : float32_of_double(exact) == value);
    return value;
}

static float of_half(unsigned bits)
{
    return converted(TENSOR_F16, (unsigned char[]){(unsigned char)bits, (unsigned char)(bits >> 8)}, 2);
}

static float of_bfloat(unsigned bits)
{
    return converted(TENSOR_BF16, (unsigned char[]){(unsigned char)bits, (unsigned char)(bits >> 8)}, 2);
}

static float of_double(double value)
{
    uint64_t bits;
    unsigned char bytes[8];
    memcpy(&bits, &value, 8);
    for (unsigned i = 0; i < 8; i++) bytes[i] = (unsigned char)(bits >> (8 * i));
    return converted(TENSOR_F64, bytes, 8);
}

/* All 65536 halves against their definition; under sanitizers some, of every exponent. */
START_TEST(test_halves)
{
    for (unsigned bits = 0; bits < 0x10000; bits += UNIT_EVERY) {
        int exponent = bits >> 10 & 31, fraction = bits & 1023;
        float got = of_half(bits);
        ck_assert_int_eq(!!signbit(got), (int)(bits >> 15));
        if (exponent == 31 && fraction) {
            ck_assert(isnan(got));
            continue;
        }
        double want = exponent == 31 ? (double)INFINITY
                      : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                     : ldexp(fraction, -24);
        ck_assert_msg((double)fabsf(got) == want, "half %04X: got %a, want %a", bits, (double)got, want);
    }
}
END_TEST

START_TEST(test_bfloats)
{
    ck_assert_float_eq(of_bfloat(0x3F80), 1.0f);
    ck_assert_float_eq(of_bfloat(0xC049), -3.140625f);
    ck_assert_float_eq(of_bfloat(0x0001), 0x1p-133f);
    ck_assert_float_eq(of_bfloat(0x7F80), INFINITY);
    ck_assert(isnan(of_bfloat(0x7FC0)));
    ck_assert(signbit(of_bfloat(0x8000)) && of_bfloat(0x8000) == 0);
}
END_TEST

START_TEST(test_doubles)
{
    ck_assert(of_double(1.0 + 0x1p-24) == 1.0f);                      /* half way: to even, down */
    ck_assert(of_double(1.0 + 0x3p-24) == 1.0f + 0x1p-22f);           /* half way: to even, up */
    ck_assert(of_double(1.0 + 0x1p-24 + 0x1p-50) == 1.0f + 0x1p-23f); /* just above half way */
    ck_assert(of_double(0x1p-149) == 0x1p-149f);                      /* the smallest float32 */
    ck_assert(of_double(0x1p-151) == 0);
    ck_assert(of_double(0x1.FFFFFEFFFFFFFp+127) == 0x1.FFFFFEp+127f); /* rounds to the largest float32 */
    ck_assert(of_double(0x1.FFFFFFp+127) == INFINITY);
    ck_assert(of_double(-1e300) == -INFINITY);
    ck_assert(of_double((double)INFINITY) == INFINITY);
    ck_assert(isnan(of_double((double)NAN)));
    const double numbers[] = {1, (double)INFINITY, 0x1.FFFFFEFFFFFFFp+127, (double)NAN, -0x1.FFFFFFp+127, 5};
    float to[6];
    const unsigned char *bytes = (const unsigned char *)numbers;
    const bool big = !host_is_little_endian();
    ck_assert_uint_eq(elements_to_float32(TENSOR_F64, big, bytes, 6, to), 4);
    ck_assert_uint_eq(elements_to_float32(TENSOR_F64, big, bytes, 4, to), 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("safetensors");
    TCase *t = tcase_create("safetensors");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, test_reads_tensors);
    tcase_add_test(t, test_in_place);
    tcase_add_test(t, test_many_tensors);
    tcase_add_test(t, test_broken_headers);
    tcase_add_test(t, test_broken_json);
    tcase_add_test(t, test_truncated);
    tcase_add_test(t, test_header_lengths);
    tcase_add_test(t, test_other_files);
    tcase_add_test(t, test_place);
    tcase_add_test(t, test_halves);
    tcase_add_test(t, test_bfloats);
    tcase_add_test(t, test_doubles);
    suite_add_tcase(suite, t);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
