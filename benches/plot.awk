# Draws time and memory against size, both axes logarithmic. Reads lines of program, MiB, seconds and MiB of memory.
BEGIN { FS = "\t"; width = 420; height = 300; left = 60; top = 30; gap = 90
    colour["iexec-hsm"] = "#0a7d4f"; colour["cp"] = "#777777"; colour["openssl"] = "#1f5fbf"; colour["SDK"] = "#c0392b" }

{
    n++; name[n] = $1; size[n] = $2; value[n, 1] = $3; value[n, 2] = $4 < 1 ? 1 : $4
    if (!($1 in seen)) { seen[$1] = 1; order[++programs] = $1 }
}

function log10(x) { return log(x) / log(10) }
function floor10(x) { x = log10(x); return x < 0 && x != int(x) ? int(x) - 1 : int(x) }
function label(x) { return x >= 1 ? sprintf("%d", x) : sprintf("%g", x) }
function at_x(x) { return left + offset + width * (log10(x) - x0) / (x1 - x0) }
function at_y(y) { return top + height - height * (log10(y) - y0) / (y1 - y0) }
function text(x, y, anchor, what) {
    printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor, what
}
function line(x, y, to_x, to_y, stroke) {
    printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n", x, y, to_x, to_y, stroke
}

function panel(which, title,    i, p, e, low, high, points, last) {
    low = 1e9; high = 0
    for (i = 1; i <= n; i++) {
        if (value[i, which] < low) low = value[i, which]
        if (value[i, which] > high) high = value[i, which]
    }
    y0 = floor10(low); y1 = floor10(high) + 1
    text(left + offset + width / 2, top - 12, "middle", title)
    for (e = y0; e <= y1; e++) {
        line(left + offset, at_y(10 ^ e), left + offset + width, at_y(10 ^ e), "#dddddd")
        text(left + offset - 6, at_y(10 ^ e) + 4, "end", label(10 ^ e))
    }
    for (i = 1; i <= n; i++)
        if (name[i] == order[1]) {
            line(at_x(size[i]), top, at_x(size[i]), top + height, "#eeeeee")
            text(at_x(size[i]), top + height + 16, "middle", size[i] " MiB")
        }
    for (p = 1; p <= programs; p++) {
        points = ""
        for (i = 1; i <= n; i++)
            if (name[i] == order[p]) {
                points = points sprintf("%.1f,%.1f ", at_x(size[i]), at_y(value[i, which]))
                last = i
            }
        printf "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"%s\"/>\n", colour[order[p]], points
        printf "<g fill=\"%s\">", colour[order[p]]
        text(at_x(size[last]) + 4, at_y(value[last, which]) - 4, "end", order[p])
        print "</g>"
    }
}

END {
    x0 = 1e9; x1 = -1e9
    for (i = 1; i <= n; i++) {
        if (log10(size[i]) < x0) x0 = log10(size[i])
        if (log10(size[i]) > x1) x1 = log10(size[i])
    }
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n", \
        2 * (left + width) + gap, top + height + 40
    print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
    offset = 0; panel(1, "seconds")
    offset = left + width + gap / 2; panel(2, "MiB of memory")
    print "</svg>"
}
