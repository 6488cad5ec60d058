// Settings: the language of the page, and its colours.

import { html } from "../../lib/html.js";
import { LANGUAGES, chosenLanguage, setLanguage, t } from "../../texts.js";
import { contrast, setContrast, setTheme, theme } from "../../theme.js";
import { Group, Switch } from "./group.js";

/** @type {{ value: string, text: import("../../texts.js").TextName }[]} */
const THEMES = [{ value: "light", text: "themeLight" }, { value: "dark", text: "themeDark" }, { value: "auto", text: "themeAuto" }];

/** A theme to choose, with two messages in its colours. @param {{ value: string, label: string }} props */
function Theme({ value, label }) {
  return html`<label class="theme-choice"><span class=${`theme-sample sample-${value}`} aria-hidden="true"><span></span><span></span><span></span></span>
    <span class="choice"><input type="radio" name="theme" value=${value} checked=${theme.value === value} onChange=${() => setTheme(value)} />${label}</span></label>`;
}

export function Look() {
  return html`<${Group}>
    <div class="field"><label for="language">${t("language")}</label>
      <select id="language" value=${chosenLanguage.value} onChange=${(/** @type {any} */ event) => setLanguage(event.target.value)}>
        <option value="auto">${t("languageAuto")}</option>
        ${Object.entries(LANGUAGES).map(([tag, name]) => html`<option value=${tag} lang=${tag}>${name}</option>`)}</select></div>
  <//>
  <${Group}>
    <fieldset class="themes"><legend>${t("theme")}</legend>${THEMES.map(({ value, text }) => html`<${Theme} key=${value} value=${value} label=${t(text)} />`)}</fieldset>
    <${Switch} label=${t("moreContrast")} hint=${t("moreContrastHint")} checked=${contrast.value} onChange=${() => setContrast(!contrast.value)} />
  <//>`;
}
