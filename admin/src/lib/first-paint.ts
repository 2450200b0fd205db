/**
 * Runs before anything is painted: theme and direction as they were chosen, so that neither flashes.
 * It stands in every page as text, and the server lets it in by its hash.
 */
export const FIRST_PAINT = `(function(){var d=document.documentElement,g=function(n){try{return localStorage.getItem('steward.'+n)}catch(e){return null}};
var t=g('theme');if(t==='dark'||(t!=='light'&&matchMedia('(prefers-color-scheme: dark)').matches))d.classList.add('dark');
var l=g('locale')||(navigator.language||'en').slice(0,2);if(['en','es','ar','ne'].indexOf(l)<0)l='en';d.lang=l;if(l==='ar')d.dir='rtl'})()`;
