/* Long sums on four lanes. */
#if !NNC_DOUBLE
NNC_DEFINE_SUMS_IN_FLOATS(NNC_INLINE, nnc_v4, 4)
NNC_INLINE nnc_v1_sums nnc_v4_sums_lane(nnc_v4_sums s, size_t i) {
    nnc_v1_sums lane;
    lane.high = nnc_v4_lane(s.high, i);
    lane.low = nnc_v4_lane(s.low, i);
    return lane;
}
NNC_INLINE nnc_v1_sums nnc_v4_sums_lanes(nnc_v4_sums s) {
    return nnc_v1_sums_plus(nnc_v1_sums_plus(nnc_v4_sums_lane(s, 0), nnc_v4_sums_lane(s, 2)),
                            nnc_v1_sums_plus(nnc_v4_sums_lane(s, 1), nnc_v4_sums_lane(s, 3)));
}
NNC_DEFINE_MEANS_IN_FLOATS(NNC_INLINE, nnc_v4)
NNC_DEFINE_TREE(NNC_INLINE, nnc_v4, 4)
#else
#if !defined(NNC_V4_OWN_SUMS)
typedef struct {
    double lane[4];
} nnc_v4_sums;
NNC_INLINE nnc_v4_sums nnc_v4_sums_four(double a, double b, double c, double d) {
    nnc_v4_sums s;
    s.lane[0] = a, s.lane[1] = b, s.lane[2] = c, s.lane[3] = d;
    return s;
}
NNC_INLINE nnc_v4_sums nnc_v4_sums_of(double s) { return nnc_v4_sums_four(s, s, s, s); }
NNC_INLINE nnc_v4_sums nnc_v4_sums_plus(nnc_v4_sums s, nnc_v4_sums t) {
    return nnc_v4_sums_four(s.lane[0] + t.lane[0], s.lane[1] + t.lane[1], s.lane[2] + t.lane[2], s.lane[3] + t.lane[3]);
}
NNC_INLINE nnc_v4_sums nnc_v4_sums_wide(nnc_v4 v) {
    return nnc_v4_sums_four((double)nnc_v4_lane(v, 0), (double)nnc_v4_lane(v, 1), (double)nnc_v4_lane(v, 2),
                            (double)nnc_v4_lane(v, 3));
}
NNC_INLINE nnc_v4_sums nnc_v4_sums_add(nnc_v4_sums s, nnc_v4 v) { return nnc_v4_sums_plus(s, nnc_v4_sums_wide(v)); }
NNC_INLINE nnc_v4_sums nnc_v4_sums_add_square(nnc_v4_sums s, nnc_v4 v) {
    nnc_v4_sums w = nnc_v4_sums_wide(v);
    return nnc_v4_sums_plus(s, nnc_v4_sums_four(w.lane[0] * w.lane[0], w.lane[1] * w.lane[1], w.lane[2] * w.lane[2],
                                                w.lane[3] * w.lane[3]));
}
NNC_INLINE nnc_v4 nnc_v4_sums_by(nnc_v4_sums s, double d) {
    const float lane[4] = {(float)(s.lane[0] / d), (float)(s.lane[1] / d), (float)(s.lane[2] / d),
                           (float)(s.lane[3] / d)};
    return nnc_v4_load(lane);
}
NNC_INLINE double nnc_v4_sums_lanes(nnc_v4_sums s) { return (s.lane[0] + s.lane[2]) + (s.lane[1] + s.lane[3]); }
#endif
NNC_DEFINE_SUMS_IN_DOUBLE(NNC_INLINE, nnc_v4, 4)
#endif
