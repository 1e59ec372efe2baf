/* check_support: arenas, sources and places, growing text, diagnostics as they are shown. */
#define _POSIX_C_SOURCE 200809L

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/diag.h"
#include "support/text.h"
#include "support/unicode.h"

static arena *a;

static void set_up(void) { a = arena_new(); }
static void tear_down(void) { arena_free(a); }

static const source *from_text(const char *bytes)
{
    return source_from_text(a, "model.nn", bytes, strlen(bytes));
}

/* ---- arena ---- */

static bool all_are(const unsigned char *block, size_t bytes, unsigned char value)
{
    for (size_t i = 0; i < bytes; i++)
        if (block[i] != value) return false;
    return true;
}

START_TEST(arena_memory_is_zero_aligned_and_apart)
{
    enum { COUNT = 3000 };
    unsigned char *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        size_t bytes = i * 7 % 901;
        blocks[i] = arena_alloc(a, bytes);
        ck_assert_ptr_nonnull(blocks[i]);
        ck_assert_uint_eq((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        ck_assert_msg(all_are(blocks[i], bytes, 0), "block %zu is not zero", i);
        memset(blocks[i], (int)(i % 255) + 1, bytes);
    }
    for (size_t i = 0; i < COUNT; i++)
        ck_assert_msg(all_are(blocks[i], i * 7 % 901, (unsigned char)(i % 255 + 1)), "block %zu was overwritten", i);
}
END_TEST

START_TEST(arena_takes_big_blocks_among_small_ones)
{
    char *small = arena_strdup(a, "small");
    char *big = arena_alloc(a, 50 * 1000 * 1000);
    big[0] = big[50 * 1000 * 1000 - 1] = 'x';
    char *next = arena_strdup(a, "next");
    ck_assert_str_eq(small, "small");
    ck_assert_str_eq(next, "next");
    ck_assert_int_eq(big[1000], 0);
}
END_TEST

START_TEST(arena_strings)
{
    ck_assert_str_eq(arena_strndup(a, "abcdef", 3), "abc");
    ck_assert_str_eq(arena_strndup(a, "ab", 10), "ab");
    ck_assert_str_eq(arena_strndup(a, "", 0), "");
    ck_assert_str_eq(arena_printf(a, "%s_%d", "name", 3), "name_3");
    ck_assert_uint_eq(strlen(arena_printf(a, "%5000d", 1)), 5000);
    ck_assert_mem_eq(arena_copy(a, "\0x\0", 3), "\0x\0", 3);
    arena_free(NULL);
}
END_TEST

START_TEST(arena_push_keeps_what_was_there)
{
    int *items = NULL;
    size_t count = 0, capacity = 0;
    for (int i = 0; i < 1000; i++) ARENA_PUSH(a, items, count, capacity, i * i);
    ck_assert_uint_eq(count, 1000);
    for (int i = 0; i < 1000; i++) ck_assert_int_eq(items[i], i * i);
}
END_TEST

START_TEST(arena_array_overflow_is_a_defect)
{
    arena_array(a, SIZE_MAX / 4, 8);
}
END_TEST

START_TEST(ice_ends_with_status_3)
{
    ice("for the test: %d", 1);
}
END_TEST

/* ---- text ---- */

START_TEST(text_grows)
{
    text t = text_new(a);
    ck_assert_str_eq(text_string(&t), "");
    text_add(&t, "");
    ck_assert_str_eq(text_string(&t), "");
    for (int i = 0; i < 500; i++) {
        text_add(&t, "ab");
        text_printf(&t, "%d", i % 10);
        text_add_n(&t, "cdef", 2);
    }
    ck_assert_uint_eq(t.length, 2500);
    ck_assert_uint_eq(strlen(text_string(&t)), 2500);
    ck_assert_int_eq(strncmp(text_string(&t) + 2490, "ab8cdab9cd", 10), 0);
}
END_TEST

/* The table of well-formed sequences of the Unicode standard (3-7), at its edges. */
START_TEST(utf8_lengths)
{
    static const struct {
        const char *bytes;
        size_t available, length;
    } rows[] = {
        {"", 0, 0},
        {"a", 1, 1},
        {"\x7F", 1, 1},
        {"\x80", 1, 0},
        {"\xC1\x80", 2, 0},
        {"\xC2\x80", 2, 2},
        {"\xC2", 1, 0},
        {"\xC2\x20", 2, 0},
        {"\xDF\xBF", 2, 2},
        {"\xE0\x9F\x80", 3, 0},
        {"\xE0\xA0\x80", 3, 3},
        {"\xE2\x80\xA6", 3, 3},
        {"\xE2\x80\xA6", 2, 0},
        {"\xED\x9F\xBF", 3, 3},
        {"\xED\xA0\x80", 3, 0},
        {"\xEF\xBF\xBF", 3, 3},
        {"\xF0\x8F\x80\x80", 4, 0},
        {"\xF0\x90\x80\x80", 4, 4},
        {"\xF4\x8F\xBF\xBF", 4, 4},
        {"\xF4\x90\x80\x80", 4, 0},
        {"\xF5\x80\x80\x80", 4, 0},
        {"\xFF", 1, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_msg(text_utf8_length(rows[i].bytes, rows[i].available) == rows[i].length, "row %zu", i);
}
END_TEST

/* ---- source ---- */

static void check_line(const source *s, size_t line, const char *expected)
{
    size_t length;
    const char *bytes = source_line(s, line, &length);
    ck_assert_uint_eq(length, strlen(expected));
    ck_assert_mem_eq(bytes, expected, length);
}

START_TEST(source_lines)
{
    const source *s = from_text("one\r\n\ntwo\rx\nlast");
    ck_assert_uint_eq(s->line_count, 4);
    check_line(s, 1, "one");
    check_line(s, 2, "");
    check_line(s, 3, "two\rx");
    check_line(s, 4, "last");
    ck_assert_int_eq(s->text[s->size], 0);

    s = from_text("");
    ck_assert_uint_eq(s->line_count, 1);
    check_line(s, 1, "");

    s = from_text("a\n");
    ck_assert_uint_eq(s->line_count, 2);
    check_line(s, 1, "a");
    check_line(s, 2, "");
}
END_TEST

static void check_place(const source *s, size_t offset, size_t line, size_t column)
{
    source_place place = source_place_of(s, offset);
    ck_assert_msg(place.line == line && place.column == column, "offset %zu is at %zu:%zu", offset, place.line,
                  place.column);
}

START_TEST(source_places_count_characters)
{
    const source *s = from_text("a\xC3\xB6" "b\n\t\xFFz\n");
    check_place(s, 0, 1, 1);
    check_place(s, 1, 1, 2);
    check_place(s, 2, 1, 2); /* inside of the ö */
    check_place(s, 3, 1, 3);
    check_place(s, 4, 1, 4); /* the line end belongs to its line */
    check_place(s, 5, 2, 1);
    check_place(s, 6, 2, 2);
    check_place(s, 7, 2, 3); /* a broken byte counts as one */
    check_place(s, 9, 3, 1);
    check_place(s, 1000, 3, 1);
}
END_TEST

START_TEST(source_drops_a_byte_order_mark)
{
    const source *s = from_text("\xEF\xBB\xBFmodel");
    ck_assert_uint_eq(s->size, 5);
    check_place(s, 0, 1, 1);
    check_line(s, 1, "model");
}
END_TEST

START_TEST(source_read_files)
{
    char path[] = "/tmp/nnc_check_XXXXXX";
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, "ab\ncd", 5), 5);
    close(file);
    const char *error = NULL;
    const source *s = source_read(a, path, 5, &error);
    ck_assert_ptr_nonnull(s);
    ck_assert_str_eq(s->path, path);
    ck_assert_uint_eq(s->size, 5);
    ck_assert_str_eq(s->text, "ab\ncd");
    ck_assert_ptr_null(source_read(a, path, 4, &error));
    ck_assert_str_eq(error, "is larger than 4 bytes");
    unlink(path);
    ck_assert_ptr_null(source_read(a, path, 5, &error));
    ck_assert_str_eq(error, "No such file or directory");
    ck_assert_ptr_null(source_read(a, "/tmp", 5, &error));
    ck_assert_str_eq(error, "is a directory");
    ck_assert_ptr_null(source_read(a, "/dev/null", 5, &error));
    ck_assert_str_eq(error, "is not a regular file");
}
END_TEST

START_TEST(spans_join)
{
    span both = span_join((span){3, 5}, (span){8, 9});
    ck_assert_uint_eq(both.begin, 3);
    ck_assert_uint_eq(both.end, 9);
    both = span_join((span){8, 9}, (span){3, 20});
    ck_assert_uint_eq(both.begin, 3);
    ck_assert_uint_eq(both.end, 20);
}
END_TEST

/* ---- diag ---- */

static char *shown(const diag_list *list)
{
    char *bytes = NULL;
    size_t size;
    FILE *to = open_memstream(&bytes, &size);
    diag_print(list, to);
    fclose(to);
    char *kept = arena_strdup(a, bytes);
    free(bytes);
    return kept;
}

START_TEST(diag_as_documented)
{
    const source *s = from_text("\n\n\n\n    x = f()\n\n    y = out(x)\n");
    diag_list *list = diag_list_new(a, s);
    ck_assert_str_eq(shown(list), "");
    diag *e = diag_error(list, (span){29, 30}, "a Linear(%d, …) needs %d features, found %d", 48, 48, 24);
    diag_note(e, (span){8, 9}, "x is float32[T, 24] from here");
    diag_note_plain(e, "and %s", "so on");
    diag_hint(e, "a bidirectional LSTM gives 2 * hidden_size features");
    ck_assert_str_eq(shown(list), "model.nn:7:13: error: a Linear(48, …) needs 48 features, found 24\n"
                                  "  7 |     y = out(x)\n"
                                  "    |             ^\n"
                                  "model.nn:5:5: note: x is float32[T, 24] from here\n"
                                  "  5 |     x = f()\n"
                                  "    |     ^\n"
                                  "  note: and so on\n"
                                  "  hint: a bidirectional LSTM gives 2 * hidden_size features\n");
}
END_TEST

START_TEST(diag_order_and_repeats)
{
    const source *s = from_text("abc\ndef\n");
    diag_list *list = diag_list_new(a, s);
    diag_error_file(list, "w.safetensors", "broken");
    diag_warning(list, WARNING_UNUSED_LAYER, (span){4, 7}, "second");
    diag_error(list, (span){0, 1}, "first");
    diag_warning(list, WARNING_UNUSED_LAYER, (span){4, 7}, "second");
    diag_error(list, (span){4, 5}, "third");
    diag_hint(diag_warning(list, WARNING_UNUSED_LAYER, (span){4, 7}, "second"), "but with a hint");
    diag_warning_file(list, WARNING_UNUSED_TENSOR, "w.safetensors", "unused");
    diag_error_file(list, "w.safetensors", "broken");
    ck_assert_uint_eq(diag_error_count(list), 4);
    ck_assert_uint_eq(diag_warning_count(list), 4);
    const char *expected = "model.nn:1:1: error: first\n"
                           "  1 | abc\n"
                           "    | ^\n"
                           "model.nn:2:1: warning: second [-Wunused-layer]\n"
                           "  2 | def\n"
                           "    | ^~~\n"
                           "model.nn:2:1: error: third\n"
                           "  2 | def\n"
                           "    | ^\n"
                           "model.nn:2:1: warning: second [-Wunused-layer]\n"
                           "  2 | def\n"
                           "    | ^~~\n"
                           "  hint: but with a hint\n"
                           "w.safetensors: error: broken\n"
                           "w.safetensors: warning: unused [-Wunused-tensor]\n";
    ck_assert_str_eq(shown(list), expected);
    ck_assert_str_eq(shown(list), expected); /* showing changes nothing */
}
END_TEST

/* A name may have any length; a message has not, and is cut between characters. */
START_TEST(diag_long_messages)
{
    diag_list *list = diag_list_new(a, from_text("one"));
    text name = text_new(a);
    for (int i = 0; i < 30000; i++) text_add(&name, i % 2 ? "\u00e9" : "n");
    diag *e = diag_error(list, (span){0, 3}, "x%s is no value", text_string(&name));
    diag_hint(e, "write %s", text_string(&name));
    diag_note_lines(e, text_string(&name));
    const char *all = shown(list);
    const char *hint = strstr(all, "hint: "), *message = strstr(all, "error: ");
    ck_assert(message && hint && strstr(all, " is no value\n") && strstr(all, " … "));
    ck_assert_uint_lt((size_t)(strchr(message, '\n') - message), 2100);
    ck_assert_uint_lt((size_t)(strchr(hint, '\n') - hint), 2100);
    ck_assert_ptr_null(strstr(all, "\xEF\xBF\xBD")); /* what half a character is shown as */
    ck_assert_uint_gt(strlen(all), 45000);              /* lines stay as they are */
}
END_TEST

START_TEST(diag_carets)
{
    /* Tabs are repeated, characters counted, and a span ends with its line. */
    const source *s = from_text("\t\xC3\xB6\tab\xC3\xB6" "c d\r\nnext");
    diag_list *list = diag_list_new(a, s);
    diag_error(list, (span){4, 9}, "tabs");
    diag_error(list, (span){8, 15}, "over the line's end");
    diag_error(list, (span){11, 11}, "at the line's end");
    diag_error(list, (span){17, 17}, "at the end");
    ck_assert_str_eq(shown(list), "model.nn:1:4: error: tabs\n"
                                  "  1 | \t\xC3\xB6\tab\xC3\xB6" "c d\n"
                                  "    | \t \t^~~~\n"
                                  "model.nn:1:7: error: over the line's end\n"
                                  "  1 | \t\xC3\xB6\tab\xC3\xB6" "c d\n"
                                  "    | \t \t   ^~~\n"
                                  "model.nn:1:10: error: at the line's end\n"
                                  "  1 | \t\xC3\xB6\tab\xC3\xB6" "c d\n"
                                  "    | \t \t      ^\n"
                                  "model.nn:2:5: error: at the end\n"
                                  "  2 | next\n"
                                  "    |     ^\n");
}
END_TEST

START_TEST(diag_carets_count_columns)
{
    /* U+5C42 takes two columns, U+0301 none: the caret stands under z, and is as wide as what it marks. */
    diag_list *list = diag_list_new(a, from_text("\xE5\xB1\x82" "e\xCC\x81" "z\xE5\xB1\x82"));
    diag_error(list, (span){6, 7}, "behind");
    diag_error(list, (span){7, 10}, "wide");
    ck_assert_str_eq(shown(list), "model.nn:1:4: error: behind\n"
                                  "  1 | \xE5\xB1\x82" "e\xCC\x81" "z\xE5\xB1\x82\n"
                                  "    |    ^\n"
                                  "model.nn:1:5: error: wide\n"
                                  "  1 | \xE5\xB1\x82" "e\xCC\x81" "z\xE5\xB1\x82\n"
                                  "    |     ^~\n");
}
END_TEST

START_TEST(diag_settings_rule_warnings)
{
    diag_list *list = diag_list_new(a, from_text("abc"));
    diag_set(list, &(diag_settings){.levels = {[WARNING_UNUSED_DIM] = WARNING_OFF,
                                               [WARNING_UNUSED_LAYER] = WARNING_IS_ERROR}});
    diag_hint(diag_warning(list, WARNING_UNUSED_DIM, (span){0, 1}, "off"), "not seen");
    ck_assert(!diag_failed(list));
    diag_warning(list, WARNING_UNUSED_TENSOR, (span){0, 1}, "shown");
    ck_assert(!diag_failed(list));
    diag_warning(list, WARNING_UNUSED_LAYER, (span){1, 2}, "an error");
    ck_assert(diag_failed(list));
    ck_assert_uint_eq(diag_error_count(list), 0);
    ck_assert_uint_eq(diag_warning_count(list), 1);
    ck_assert_str_eq(shown(list), "model.nn:1:1: warning: shown [-Wunused-tensor]\n  1 | abc\n    | ^\n"
                                  "model.nn:1:2: error: an error [-Werror=unused-layer]\n  1 | abc\n    |  ^\n");
}
END_TEST

START_TEST(diag_as_json)
{
    diag_list *list = diag_list_new(a, from_text("\xEF\xBB\xBF" "x\n\xF0\x9F\x98\x80" "ab"));
    diag_set(list, &(diag_settings){.format = DIAG_JSON, .color = true});
    diag *e = diag_error(list, (span){6, 7}, "bad \"%s\"", "\xFF\x1B");
    diag_note(e, (span){0, 1}, "here");
    diag_note_plain(e, "so");
    diag_hint(e, "do");
    diag_warning_file(list, WARNING_UNUSED_TENSOR, "w", "left");
    ck_assert_str_eq(
        shown(list),
        "{\"file\": \"model.nn\", \"severity\": \"error\", \"message\": \"bad \\\"\xEF\xBF\xBD\xEF\xBF\xBD\\\"\", "
        "\"line\": 2, \"column\": 2, \"end_line\": 2, \"end_column\": 3, \"bytes\": {\"begin\": 9, \"end\": 10}, "
        "\"range\": {\"start\": {\"line\": 1, \"character\": 2}, \"end\": {\"line\": 1, \"character\": 3}}, "
        "\"notes\": [{\"message\": \"here\", \"line\": 1, \"column\": 1, \"end_line\": 1, \"end_column\": 2, "
        "\"bytes\": {\"begin\": 3, \"end\": 4}, \"range\": {\"start\": {\"line\": 0, \"character\": 0}, "
        "\"end\": {\"line\": 0, \"character\": 1}}}, {\"message\": \"so\"}], \"hints\": [\"do\"]}\n"
        "{\"file\": \"w\", \"severity\": \"warning\", \"message\": \"left\", \"name\": \"unused-tensor\", \"notes\": [], "
        "\"hints\": []}\n");
}
END_TEST

START_TEST(source_counts_utf16_for_editors)
{
    const source *s = from_text("a\xC3\xB6\xF0\x9F\x98\x80\xFF" "b\r\nc");
    static const struct {
        size_t offset, line, column;
    } rows[] = {{0, 0, 0}, {1, 0, 1}, {2, 0, 1}, {3, 0, 2}, {7, 0, 4}, {8, 0, 5}, {9, 0, 6}, {11, 1, 0}, {99, 1, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        source_place place = source_utf16_of(s, rows[i].offset);
        ck_assert_uint_eq(place.line, rows[i].line);
        ck_assert_uint_eq(place.column, rows[i].column);
    }
}
END_TEST

START_TEST(unicode_characters)
{
    static const struct {
        const char *bytes;
        size_t length;
        uint32_t code;
        unsigned width, units;
    } rows[] = {
        {"a", 1, 'a', 1, 1},                    {"\xCC\x81", 2, 0x301, 0, 1},           {"\xE5\xB1\x82", 3, 0x5C42, 2, 1},
        {"\xF0\x9F\x98\x80", 4, 0x1F600, 2, 2}, {"\xE2\x80\x8B", 3, 0x200B, 0, 1},     {"\xEF\xBD\x81", 3, 0xFF41, 2, 1},
        {"\xF0\x90\x8D\x88", 4, 0x10348, 1, 2}, {"\xFF", 1, 0xFFFD, 1, 1},              {"\xE5\xB1", 1, 0xFFFD, 1, 1},
        {"\xC2\xAD", 2, 0xAD, 1, 1},           {"\xED\x95\x9C", 3, 0xD55C, 2, 1},     {"\xE1\x86\xAB", 3, 0x11AB, 0, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unicode_character c = unicode_character_at(rows[i].bytes, strlen(rows[i].bytes));
        ck_assert_uint_eq(c.bytes, rows[i].length);
        ck_assert_uint_eq(c.code, rows[i].code);
        ck_assert_uint_eq(c.width, rows[i].width);
        ck_assert_uint_eq(c.units, rows[i].units);
    }
    ck_assert(unicode_is_control(0x1B) && unicode_is_control(0x7F) && unicode_is_control(0x9B) &&
              unicode_is_control(0x202E) && unicode_is_control(0x2069));
    ck_assert(!unicode_is_control('\t') && !unicode_is_control(' ') && !unicode_is_control(0x5D0));
}
END_TEST

START_TEST(diag_empty_source)
{
    diag_list *list = diag_list_new(a, from_text(""));
    diag_error(list, (span){0, 0}, "nothing");
    ck_assert_str_eq(shown(list), "model.nn:1:1: error: nothing\n  1 |\n    | ^\n");
}
END_TEST

START_TEST(diag_hides_control_characters)
{
    diag_list *list = diag_list_new(a, from_text("x \x1B[1m \xFF y"));
    diag_error(list, (span){0, 1}, "bad key '%s'", "\x1B[2J");
    ck_assert_str_eq(shown(list), "model.nn:1:1: error: bad key '\xEF\xBF\xBD[2J'\n"
                                  "  1 | x \xEF\xBF\xBD[1m \xEF\xBF\xBD y\n"
                                  "    | ^\n");
}
END_TEST

START_TEST(diag_long_lines_show_a_window)
{
    text t = text_new(a);
    for (int i = 0; i < 100; i++) text_printf(&t, "%03d,", i);
    diag_list *list = diag_list_new(a, from_text(text_string(&t)));
    diag_error(list, (span){200, 203}, "in the middle");
    const char *out = shown(list);
    ck_assert_ptr_nonnull(strstr(out, "model.nn:1:201: error: in the middle\n"));
    /* The caret stands under the first digit of 050: a … takes the place of what is cut off. */
    const char *line = strstr(out, "  1 | …") + strlen("  1 | …"), *caret_line = strstr(out, "    |  ");
    const char *caret = strchr(caret_line, '^');
    ck_assert_ptr_nonnull(caret);
    size_t column = (size_t)(caret - caret_line) - strlen("    |  ");
    ck_assert_int_eq(strncmp(line + column, "050,", 4), 0);
    ck_assert_str_eq(caret, "^~~\n");
    ck_assert_uint_le(strcspn(line, "\n"), 130);
}
END_TEST

START_TEST(diag_shows_at_most_a_thousand)
{
    diag_list *list = diag_list_new(a, from_text("x"));
    for (int i = 0; i < 1010; i++) diag_error(list, (span){0, 1}, "number %d", i);
    const char *out = shown(list);
    ck_assert_ptr_nonnull(strstr(out, "number 999\n"));
    ck_assert_ptr_null(strstr(out, "number 1000\n"));
    ck_assert_ptr_nonnull(strstr(out, "and 10 more\n"));
    ck_assert_uint_eq(diag_error_count(list), 1010);
}
END_TEST

START_TEST(diag_nearest_names)
{
    static const char *const names[] = {"LSTM", "GRU", "Linear", "Embedding", "num_layers", "bidirectional"};
    size_t count = sizeof names / sizeof *names;
    ck_assert_str_eq(diag_nearest("lstm", names, count), "LSTM");
    ck_assert_str_eq(diag_nearest("LSMT", names, count), "LSTM");
    ck_assert_str_eq(diag_nearest("GRUU", names, count), "GRU");
    ck_assert_str_eq(diag_nearest("linaer", names, count), "Linear");
    ck_assert_str_eq(diag_nearest("nlayers", names, count), "num_layers");
    ck_assert_str_eq(diag_nearest("bidirectionel", names, count), "bidirectional");
    ck_assert_ptr_null(diag_nearest("Conv1d", names, count));
    ck_assert_ptr_null(diag_nearest("x", names, count));
    ck_assert_ptr_null(diag_nearest("", names, count));
    ck_assert_ptr_null(diag_nearest("LSTM", names, 0));
    char *very_long = arena_alloc(a, 100001);
    memset(very_long, 'L', 100000);
    ck_assert_ptr_null(diag_nearest(very_long, names, count));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("support");
    TCase *c = tcase_create("support");
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, arena_memory_is_zero_aligned_and_apart);
    tcase_add_test(c, arena_takes_big_blocks_among_small_ones);
    tcase_add_test(c, arena_strings);
    tcase_add_test(c, arena_push_keeps_what_was_there);
    tcase_add_exit_test(c, arena_array_overflow_is_a_defect, 3);
    tcase_add_exit_test(c, ice_ends_with_status_3, 3);
    tcase_add_test(c, text_grows);
    tcase_add_test(c, utf8_lengths);
    tcase_add_test(c, source_lines);
    tcase_add_test(c, source_places_count_characters);
    tcase_add_test(c, source_drops_a_byte_order_mark);
    tcase_add_test(c, source_read_files);
    tcase_add_test(c, spans_join);
    tcase_add_test(c, diag_as_documented);
    tcase_add_test(c, diag_order_and_repeats);
    tcase_add_test(c, diag_long_messages);
    tcase_add_test(c, diag_carets);
    tcase_add_test(c, diag_carets_count_columns);
    tcase_add_test(c, diag_settings_rule_warnings);
    tcase_add_test(c, diag_as_json);
    tcase_add_test(c, source_counts_utf16_for_editors);
    tcase_add_test(c, unicode_characters);
    tcase_add_test(c, diag_empty_source);
    tcase_add_test(c, diag_hides_control_characters);
    tcase_add_test(c, diag_long_lines_show_a_window);
    tcase_add_test(c, diag_shows_at_most_a_thousand);
    tcase_add_test(c, diag_nearest_names);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
