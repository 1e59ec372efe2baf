/* json: see json.h. */
#include "server/json.h"

#include <stdint.h>
#include <string.h>

#include "support/ice.h"
#include "support/text.h"

json_t *json_made(json_t *value) {
    if (!value) ice("no memory for a message");
    return value;
}

void json_put(json_t *object, const char *key, json_t *value) {
    if (json_object_set_new(object, key, json_made(value)) != 0) ice("no memory for a message");
}

void json_append(json_t *array, json_t *value) {
    if (json_array_append_new(array, json_made(value)) != 0) ice("no memory for a message");
}

json_t *json_text(const char *s) {
    size_t length = strlen(s), good = 0;
    for (size_t n; good < length && (n = text_utf8_length(s + good, length - good)); good += n) {
    }
    return json_made(json_stringn(s, good));
}

json_t *json_at(const json_t *object, const char *path) {
    json_t *at = (json_t *)(uintptr_t)object;
    while (at && *path) {
        char key[64];
        size_t n = strcspn(path, ".");
        if (n >= sizeof key) return NULL;
        memcpy(key, path, n);
        key[n] = '\0';
        at = json_object_get(at, key);
        path += n + (path[n] == '.');
    }
    return at;
}

const char *json_string_at(const json_t *object, const char *path) {
    return json_string_value(json_at(object, path));
}

static json_t *position(const source *s, size_t offset) {
    source_place at = source_utf16_of(s, offset);
    return json_made(
        json_pack("{s:I, s:I}", "line", (json_int_t)at.line, "character", (json_int_t)at.column));
}

json_t *json_range(const source *s, span where) {
    return json_made(
        json_pack("{s:o, s:o}", "start", position(s, where.begin), "end", position(s, where.end)));
}

bool json_offset(const source *s, const json_t *at, size_t *offset) {
    const json_t *line = json_at(at, "line"), *character = json_at(at, "character");
    if (!json_is_integer(line) || !json_is_integer(character)) return false;
    json_int_t row = json_integer_value(line), left = json_integer_value(character);
    if (row < 0 || left < 0) return false;
    if ((size_t)row >= s->line_count) {
        *offset = s->size;
        return true;
    }
    size_t length, done = 0;
    const char *bytes = source_line(s, (size_t)row + 1, &length);
    while (done < length && left > 0) {
        size_t n = text_utf8_length(bytes + done, length - done);
        left -= n == 4 ? 2 : 1;
        done += n ? n : 1;
    }
    *offset = s->line_starts[row] + done;
    return true;
}
