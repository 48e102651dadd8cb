// What the browser sees, told in requests below /report/, which the access log keeps: one for each
// thing that is as it should be, /report/wrong?WHY for what is not, /report/end at the end.
"use strict";

const report = (what) => fetch("/report/" + what);

function is(what, got, wanted) {
    if (got !== wanted) throw new Error(what + " is " + got + ", not " + wanted);
}

function on(target, event, act) {
    return new Promise((resolve, reject) => {
        target.addEventListener(event, resolve, { once: true });
        target.addEventListener("error", () => reject(new Error(target.src + " failed")));
        act();
    });
}

function look_at_the_page() {
    const style = getComputedStyle(document.getElementById("styled"));
    is("the colour", style.color, "rgb(0, 128, 0)");
    is("the background", style.backgroundColor, "rgb(240, 240, 240)");
    is("the drawing's width", document.getElementById("drawn").naturalWidth, 40);
    is("the points' width", document.getElementById("points").naturalWidth, 2);
}

async function read_text() {
    const response = await fetch("words.txt");
    is("the coding", response.headers.get("Content-Encoding"), "br");
    is("the length", (await response.text()).length, 31000);
}

async function seek() {
    const film = document.createElement("video");
    film.preload = "metadata";
    await on(film, "loadedmetadata", () => { film.src = "sound.wav"; });
    is("the duration", film.duration, 300);
    is("the first place that can be seeked to", film.seekable.start(0), 0);
    is("the last place that can be seeked to", film.seekable.end(0), 300);
    for (const second of [270, 20, 150]) {
        await on(film, "seeked", () => { film.currentTime = second; });
        is("the place", film.currentTime, second);
    }
}

async function visit(path) {
    const frame = document.createElement("iframe");
    await on(frame, "load", () => { frame.src = path; document.body.append(frame); });
    return frame.contentDocument;
}

async function fall_back() {
    is("the title", (await visit("/app/some/place")).title, "application");
}

async function follow_links() {
    const place = await visit("/listed/");
    const links = [...place.querySelectorAll("td a")].filter((a) => a.pathname.endsWith("txt"));
    is("the number of files", links.length, 7);
    for (const link of links) is(link.href, (await fetch(link.href)).status, 200);
}

addEventListener("load", async () => {
    try {
        look_at_the_page();
        if (!sessionStorage.reloaded) {
            await report("looks");
            sessionStorage.reloaded = true;
            return location.reload();
        }
        await report("reloaded");
        for (const act of [read_text, seek, fall_back, follow_links]) {
            await act();
            await report(act.name);
        }
    } catch (error) {
        console.error(error);
        await report("wrong?" + encodeURIComponent(error.message));
    }
    console.log("the script has ended");
    await report("end");
});
