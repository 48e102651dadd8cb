# Markdown to HTML, as much of it as our documents use: headings with anchors, paragraphs, nested
# lists, quotes, fenced code, tables, rules, inline code, bold, emphasis, links, <autolinks>.
#
#     awk -f markdown.awk -v toc=FILE page.md >body.html
#
# The headings of the second level go to FILE as a list. Links between documents are made links
# between pages. Plain POSIX awk.

function escape(s) {
    gsub(/&/, "\\&amp;", s); gsub(/</, "\\&lt;", s); gsub(/>/, "\\&gt;", s); gsub(/"/, "\\&quot;", s)
    return s
}

# Where the site keeps what a document links to.
function page(url) {
    if (url ~ /^[a-z]+:/ || url ~ /^#/)
        return url
    sub(/^(\.\.\/)+/, "", url); sub(/^(docs|conf)\//, "", url)
    sub(/^README\.md/, "index.html", url); sub(/\.md$/, ".html", url); sub(/\.md#/, ".html#", url)
    return url == "LICENSE" ? "LICENSE.txt" : url
}

# Code spans and links are set aside first, so that nothing inside them is taken for emphasis.
function inline(s,    held, n, i, word, mid, before, after) {
    n = 0
    while (match(s, /`[^`]+`|\\[\\`*_|#<>\[\]]|<https?:[^> ]+>|\[[^]]+\]\([^) ]+\)/)) {
        word = substr(s, RSTART, RLENGTH)
        before = substr(s, 1, RSTART - 1); after = substr(s, RSTART + RLENGTH)
        if (word ~ /^`/)
            held[++n] = "<code>" escape(substr(word, 2, length(word) - 2)) "</code>"
        else if (word ~ /^\\/)
            held[++n] = escape(substr(word, 2))
        else if (word ~ /^</)
            held[++n] = "<a href=\"" escape(substr(word, 2, length(word) - 2)) "\">" escape(substr(word, 2, length(word) - 2)) "</a>"
        else {
            mid = index(word, "](")
            held[++n] = "<a href=\"" escape(page(substr(word, mid + 2, length(word) - mid - 2))) "\">" inline(substr(word, 2, mid - 2)) "</a>"
        }
        s = before "\001" n "\002" after
    }
    s = emphasise(escape(s))
    for (i = n; i > 0; i--) {
        mid = index(s, "\001" i "\002")
        s = substr(s, 1, mid - 1) held[i] substr(s, mid + length("\001" i "\002"))
    }
    return s
}

function emphasise(s) {
    s = wrap(s, "\\*\\*[^* ]([^*]*[^* ])?\\*\\*", 2, "strong")
    return wrap(s, "\\*[^* ]([^*]*[^* ])?\\*", 1, "em")
}

function wrap(s, pattern, marks, tag) {
    while (match(s, pattern))
        s = substr(s, 1, RSTART - 1) "<" tag ">" substr(s, RSTART + marks, RLENGTH - 2 * marks) "</" tag ">" substr(s, RSTART + RLENGTH)
    return s
}

function anchor(s) {
    s = tolower(s); gsub(/[^a-z0-9 _-]/, "", s); gsub(/ /, "-", s)
    return seen[s]++ ? s "-" (seen[s] - 1) : s
}

function end_text() {
    if (text != "")
        print open_item ? inline(text) : "<p>" inline(text) "</p>"
    text = ""; open_item = 0
}

function end_lists(depth) { # closes those nested deeper
    end_text()
    for (; lists > depth; lists--)
        print "</li></" kind[lists] ">"
}

function end_all() {
    end_lists(0)
    if (table) print "</tbody></table></div>"
    if (quote) print "</blockquote>"
    table = quote = 0
}

function row(line, tag,    cells, n, i, out) {
    sub(/^[ \t]*\|/, "", line); sub(/\|[ \t]*$/, "", line)
    gsub(/\\\|/, "\003", line)
    n = split(line, cells, /\|/)
    for (i = 1; i <= n; i++) {
        gsub(/^[ \t]+|[ \t]+$/, "", cells[i]); gsub(/\003/, "|", cells[i])
        out = out "<" tag ">" inline(cells[i]) "</" tag ">"
    }
    return "<tr>" out "</tr>"
}

function code(line,    comment) {
    line = escape(line)
    if (language ~ /^(sh|yaml)$/ && match(line, /(^|[ \t])#.*$/)) {
        comment = "<i>" substr(line, RSTART) "</i>"
        line = substr(line, 1, RSTART - 1)
    }
    return keyed(line) comment
}

function keyed(line) {
    if (language == "yaml" && match(line, /^[ \t]*(- )?[a-z_]+:/))
        return "<b>" substr(line, 1, RLENGTH) "</b>" substr(line, RLENGTH + 1)
    if (language == "sh" && match(line, /^\$ /))
        return "<i>$</i> " substr(line, 3)
    return line
}

fenced && /^[ \t]*```/ { print "</code></pre>"; fenced = 0; next }
fenced { print code(substr($0, 1, indent) ~ /^ *$/ ? substr($0, indent + 1) : $0); next }
/^[ \t]*```/ {
    end_text(); if (!lists) end_all()
    match($0, /^ */); indent = RLENGTH; language = $0; sub(/^[ \t]*```/, "", language)
    printf "<pre class=\"%s\"><code>", escape(language == "" ? "text" : language); fenced = 1; next
}
/^<!--.*-->$/ { next }
/^[ \t]*$/ { end_text(); blank = 1; if (table || quote) end_all(); next }
/^#+ / {
    end_all(); level = index($0, " ") - 1; title = substr($0, level + 2); id = anchor(title)
    printf "<h%d id=\"%s\">%s <a class=\"anchor\" href=\"#%s\" aria-label=\"link to this section\">#</a></h%d>\n", level, id, inline(title), id, level
    if (level == 2 && toc) print "<li><a href=\"#" id "\">" inline(title) "</a></li>" >toc
    next
}
/^(---+|\*\*\*+)$/ { end_all(); print "<hr>"; next }
/^[ \t]*\|/ && !lists {
    if (!table) { end_all(); print "<div class=\"table\"><table><thead>" row($0, "th") "</thead><tbody>"; table = 1 }
    else if ($0 !~ /^[ \t|:-]+$/) print row($0, "td")
    next
}
/^>/ { if (!quote) { end_all(); print "<blockquote>"; quote = 1 } sub(/^> ?/, ""); text = text (text == "" ? "" : " ") $0; next }
match($0, /^ *([-*+]|[0-9]+[.)]) +/) {
    width = RLENGTH; match($0, /^ */); at = RLENGTH; tag = substr($0, at + 1, 1) ~ /[0-9]/ ? "ol" : "ul"
    for (depth = lists; depth > 0 && left[depth] > at; depth--) ;
    end_lists(depth)
    if (depth && left[depth] == at) print "</li>"
    else { lists++; left[lists] = at; kind[lists] = tag; print "<" tag ">" }
    printf "<li>"; text = substr($0, width + 1); open_item = 1; blank = 0; next
}
lists && blank && /^[^ ]/ { end_all() }
{ line = $0; sub(/^ +/, "", line); text = text (text == "" ? "" : " ") line; blank = 0 }
END { end_all() }
